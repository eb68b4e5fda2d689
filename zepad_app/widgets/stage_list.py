"""The stages of an audit: done with their seconds, the current one with a bar, later ones grey."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from zepad_app.estimate import clock
from zepad_app.state import StageState
from zepad_app.theme import Theme, label
from zepad_app.tokens import INSIDE


class _Row(QFrame):
    """One stage."""

    def __init__(self, theme: Theme, stage: StageState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._stage = stage
        self._halted = False
        self.setProperty("surface", "stage")
        self._mark = QLabel()
        self._mark.setFixedSize(QSize(18, 18))
        self._name = label(stage.name)
        self._name.setWordWrap(True)
        self._time = label("", "caption", soft=True)
        self._note = label("", "caption", soft=True)
        self._note.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(f"{stage.name}: progress")
        head = QHBoxLayout()
        head.setSpacing(INSIDE)
        head.addWidget(self._mark)
        head.addWidget(self._name, 1)
        head.addWidget(self._time)
        column = QVBoxLayout(self)
        column.setContentsMargins(INSIDE, INSIDE, INSIDE, INSIDE)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addWidget(self._note)
        self.show_stage(stage)

    def show_stage(self, stage: StageState, *, halted: bool = False) -> None:
        """Show where the stage stands, or where it was ``halted``."""
        self._stage, self._halted = stage, halted
        current = stage.status == "current"
        self._time.setText(clock(stage.seconds) if stage.seconds or current else "")
        self._note.setText(stage.note[:1].upper() + stage.note[1:])
        self._note.setVisible(current and bool(stage.note))
        self._bar.setVisible(current)
        self._bar.setValue(round(1000 * stage.done))
        self._name.setProperty("soft", stage.status == "waiting")
        self._name.setProperty("strong", current and not halted)
        self.setProperty("current", current and not halted)
        self.setAccessibleName(f"{stage.name}: {'stopped' if current and halted else stage.status}")
        self.dress()

    def dress(self) -> None:
        """Take the colours in force."""
        tokens = self._theme.tokens
        for widget in (self, self._name):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        if self._stage.status == "waiting":
            self._mark.setPixmap(self._theme.icon("waiting", tokens.ink_soft).pixmap(QSize(18, 18), self._ratio()))
        else:
            ahead = ("stop", tokens.ink_soft) if self._halted else ("current", tokens.ink)
            name, colour = ("done", tokens.benign) if self._stage.status == "done" else ahead
            self._mark.setPixmap(self._theme.icon(name, colour).pixmap(QSize(18, 18), self._ratio()))

    def _ratio(self) -> float:
        return self.devicePixelRatioF()


class StageList(QWidget):
    """All stages in order; only rows that changed are drawn again."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[str, _Row] = {}
        self._shown: tuple[StageState, ...] = ()
        self._halted = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.setAccessibleName("Stages")
        theme.changed.connect(self._dress)

    def show_stages(self, stages: tuple[StageState, ...], *, halted: bool = False) -> None:
        """Show the stages as they stand; ``halted``: none of them goes on."""
        if tuple(self._rows) != tuple(stage.key for stage in stages):
            self._rebuild(stages)
        known = {stage.key: stage for stage in self._shown}
        for stage in stages:
            if known.get(stage.key) != stage or halted != self._halted:
                self._rows[stage.key].show_stage(stage, halted=halted)
        self._shown, self._halted = stages, halted

    def _rebuild(self, stages: tuple[StageState, ...]) -> None:
        for row in self._rows.values():
            self._column.removeWidget(row)
            row.deleteLater()
        self._rows = {stage.key: _Row(self._theme, stage) for stage in stages}
        for row in self._rows.values():
            self._column.addWidget(row)

    def _dress(self) -> None:
        for row in self._rows.values():
            row.dress()
