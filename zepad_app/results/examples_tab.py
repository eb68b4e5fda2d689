"""Examples: single test images, with the rule by which each was chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QGridLayout, QWidget

from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.sheet import Sheet, clear
from zepad_app.results.wording import task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN
from zepad_app.widgets.example_strip import ExampleStrip
from zepad_engine.findings import AuditReport

_STRIP = 368


class ExamplesTab(Sheet):
    """Strips for a chosen attack, as many side by side as fit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self._folder = Path()
        self.strips: list[ExampleStrip] = []
        self.choice = AttackChoice(theme, "Single images")
        note = "Chosen by a fixed rule (hover a title for it), not for their looks: single images prove nothing."
        self.column.addWidget(self.choice)
        self.column.addWidget(theme.label(note, "caption", soft=True))
        self._grid = QGridLayout()
        self._grid.setSpacing(BETWEEN)
        self.column.addLayout(self._grid)
        self.column.addStretch(1)
        self.choice.chosen.connect(self._on_attack)

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Show another report, whose pictures lie in ``folder``."""
        self._report, self._folder = report, folder
        self.choice.show_attacks(report, tuple(dict.fromkeys(found.attack for found in report.examples)))

    def resizeEvent(self, event: object) -> None:
        """Place as many strips side by side as fit."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._place()

    def _on_attack(self, attack: str) -> None:
        clear(self._grid)
        report = self._report
        if report is not None:
            found = [item for item in report.examples if item.attack == attack]
            self.strips = [ExampleStrip(self.theme, item, self._folder, task_name(report, item.task)) for item in found]
        self._place()

    def _place(self) -> None:
        columns = max(1, min(3, (self.viewport().width() - 32) // _STRIP))
        for number, strip in enumerate(self.strips):
            self._grid.addWidget(strip, number // columns, number % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
