"""Adaptive: what is left of each system once the attacker has the system itself, and the worst case per image."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.light_board import LightBoard
from zepad_app.results.sheet import Sheet, card, clear
from zepad_app.results.wording import defence_hint, defence_name, rate_hint, rate_text, task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.rate_label import RateLabel
from zepad_engine.evidence import AdaptiveFinding, Rate, WorstCase
from zepad_engine.findings import AuditReport

# Systems side by side in one table.
_SYSTEMS: Final = 4
_NONE: Final = "This audit attacked no defended system: such an attack may take the gain back."
_NOTE: Final = (
    "Accuracy under attack, on the same images as the clean row. Where there is a detector, the share answered wrongly "
    "and not flagged stands below. ± is half the 95 % interval, in points; hover for n and the exact interval."
)


class AdaptiveTab(Sheet):
    """A table per task: a row per attack, a column per system; below, the checks of these attacks."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.column.addWidget(theme.label("With the whole system in hand", "section"))
        self.note = theme.label("", "caption", soft=True)
        self.note.setWordWrap(True)
        self.column.addWidget(self.note)
        self._list = QVBoxLayout()
        self._list.setSpacing(INSIDE)
        self.column.addLayout(self._list)
        self.lights = LightBoard(theme)
        self.column.addWidget(self.lights)
        self.column.addStretch(1)

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report."""
        clear(self._list)
        self.lights.show_report(report)
        self.note.setText(_NOTE if report.adaptive else _NONE)
        for task in dict.fromkeys(found.task for found in report.adaptive):
            title = self.theme.label(task_name(report, task))
            title.setProperty("strong", True)
            self._list.addWidget(title)
            mine = tuple(found for found in report.adaptive if found.task == task)
            defences = tuple(dict.fromkeys(found.defence for found in mine))
            for start in range(0, len(defences), _SYSTEMS):
                self._list.addWidget(card(self._table(report, mine, defences[start : start + _SYSTEMS]), 12))
            self._list.addSpacing(BETWEEN)

    def _table(self, report: AuditReport, mine: tuple[AdaptiveFinding, ...], defences: tuple[str, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(BETWEEN)
        grid.setVerticalSpacing(INSIDE)
        grid.setColumnStretch(0, 3)
        for column, defence in enumerate(defences, start=1):
            grid.setColumnStretch(column, 2)
            head = self.theme.label(defence_name(defence, report), "caption", soft=True)
            head.setToolTip(defence_hint(defence))
            head.setWordWrap(True)
            grid.addWidget(head, 0, column)
        self._clean(grid, mine, defences)
        for attack in dict.fromkeys(found.attack for found in mine):
            self._attack(grid, [found for found in mine if found.attack == attack], defences)
        self._worst(grid, report, mine[0].task, defences)
        return grid

    def _clean(self, grid: QGridLayout, mine: tuple[AdaptiveFinding, ...], defences: tuple[str, ...]) -> None:
        row = grid.rowCount()
        grid.addWidget(self.theme.label("Clean images"), row, 0)
        clean = {found.defence: found.clean_accuracy for found in mine}
        for column, defence in enumerate(defences, start=1):
            self._rate(grid, row, column, clean.get(defence), None, f"{defence_name(defence)} on clean images")

    def _attack(self, grid: QGridLayout, runs: list[AdaptiveFinding], defences: tuple[str, ...]) -> None:
        row, first = grid.rowCount(), runs[0]
        restarts = max(found.restarts for found in runs)
        known = [first.knowledge, f"{max(found.steps for found in runs):,} steps"]
        known += [f"{restarts} restarts"] if restarts > 1 else []
        known += ["must not be flagged"] if first.evades else []
        self._named(grid, row, first.name, " · ".join(known), f"{first.citation}\n{first.recipe}")
        cells = {found.defence: found for found in runs}
        for column, defence in enumerate(defences, start=1):
            found = cells.get(defence)
            hint = f"{found.queries:,} queries in {found.seconds:.0f} s" if found else ""
            self._rate(
                grid,
                row,
                column,
                found.accuracy if found else None,
                found.evaded if found else None,
                f"{defence_name(defence)} under {first.name}",
                hint,
            )

    def _worst(self, grid: QGridLayout, report: AuditReport, task: str, defences: tuple[str, ...]) -> None:
        whole = {case.defence: case for case in report.worst if (case.scope, case.task) == ("all", task)}
        if not any(defence in whole for defence in defences):
            return
        row = grid.rowCount()
        self._named(grid, row, "Worst per image", "of all these and the universal attacks", "")
        for column, defence in enumerate(defences, start=1):
            case: WorstCase | None = whole.get(defence)
            self._rate(
                grid,
                row,
                column,
                case.accuracy if case else None,
                case.evaded if case else None,
                f"{defence_name(defence)}, worst per image",
            )

    def _named(self, grid: QGridLayout, row: int, name: str, about: str, hint: str) -> None:
        column = QVBoxLayout()
        column.setSpacing(0)
        for words in (self.theme.label(name), self.theme.label(about, "caption", soft=True)):
            words.setToolTip(hint)
            words.setWordWrap(True)
            column.addWidget(words)
        grid.addLayout(column, row, 0)

    def _rate(
        self,
        grid: QGridLayout,
        row: int,
        column: int,
        rate: Rate | None,
        evaded: Rate | None,
        what: str,
        hint: str = "",
    ) -> None:
        cell = QVBoxLayout()
        cell.setSpacing(0)
        figure = RateLabel(self.theme, rate, what=what)
        if hint:
            figure.setToolTip(f"{figure.toolTip()}\n{hint}")
        cell.addWidget(figure)
        if evaded is not None:
            unseen: QLabel = self.theme.label(f"wrong, not flagged {rate_text(evaded)}", "caption")
            unseen.setProperty("meaning", "adversarial")
            unseen.setWordWrap(True)
            unseen.setToolTip(f"Answered wrongly and not flagged: {rate_hint(evaded)}")
            cell.addWidget(unseen)
        grid.addLayout(cell, row, column, Qt.AlignmentFlag.AlignTop)
