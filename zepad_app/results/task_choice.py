"""Which task a tab is about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from zepad_app.results.wording import task_name
from zepad_app.tokens import CHOICE_WIDTH
from zepad_engine.findings import AuditReport


class TaskChoice(QComboBox):
    """Emits the key of the chosen task; a change of the report keeps it where it can."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, everything: str = "") -> None:
        """``everything`` is the word for all tasks at once, where that may be chosen; its key is ""."""
        super().__init__(parent)
        self._everything = everything
        self.setAccessibleName("Task shown")
        self.setMinimumWidth(CHOICE_WIDTH)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.currentIndexChanged.connect(lambda: self.chosen.emit(self.task))

    @property
    def task(self) -> str:
        """The key of the chosen task, or ""."""
        return str(self.currentData() or "")

    def show_tasks(self, report: AuditReport, tasks: Sequence[str]) -> None:
        """Offer other tasks, without a word."""
        before = self.task
        self.blockSignals(True)
        self.clear()
        if self._everything:
            self.addItem(self._everything, "")
        for key in tasks:
            self.addItem(task_name(report, key), key)
        self.setCurrentIndex(max(self.findData(before), 0 if self.count() else -1))
        self.blockSignals(False)

    def choose(self, task: str) -> None:
        """Choose as a click would."""
        self.setCurrentIndex(self.findData(task))
