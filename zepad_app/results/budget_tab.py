"""Budget: how the rates move as the attacker gets more, and as ZePAD's own settings change."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.in_turn import InTurn
from zepad_app.results.sheet import Sheet, card, clear
from zepad_app.results.sweep_groups import SweepGroup, attack_sweeps, sweep_groups, swept_tasks
from zepad_app.results.task_choice import TaskChoice
from zepad_app.results.wording import task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.legend_row import LegendRow
from zepad_app.widgets.sweep_plot import SweepPlot
from zepad_engine.findings import AuditReport

_NOTE = (
    "Bands are 95 % intervals; hover a point for n. The dotted line is what one constant answer gets right: an attack"
    " that cannot push a system below it at a huge budget is not to be trusted."
)
_ANEW = (
    " Where a perturbation was crafted anew, each point is one crafting from its start: the bands hold the draw of test"
    " images, not that of the crafting. Of several starts the attacker keeps the one that moves his own images most."
)
_NONE = "This audit swept no setting."
_TWO_COLUMNS_FROM = 860


class BudgetTab(Sheet):
    """A card per setting of the chosen task."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self._cards: list[QFrame] = []
        self.plots: list[SweepPlot] = []
        self.turns = InTurn(self)
        self.task = TaskChoice()
        self.note = theme.label("", "caption", soft=True)
        self.note.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(INSIDE)
        head.addWidget(theme.label("More budget, more steps, other settings", "section"))
        head.addStretch(1)
        head.addWidget(theme.label("Task", soft=True))
        head.addWidget(self.task)
        self._grid = QGridLayout()
        self._grid.setSpacing(BETWEEN)
        self.column.addLayout(head)
        self.column.addWidget(self.note)
        self.column.addLayout(self._grid)
        self.column.addStretch(1)
        self.task.chosen.connect(lambda _task: self._draw())

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report, at a task whose budget was swept."""
        self._report = report
        self.task.show_tasks(report, swept_tasks(report))
        self._draw()

    def resizeEvent(self, event: object) -> None:
        """Fold the cards into one column where two would be cramped."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._place()

    def _draw(self) -> None:
        clear(self._grid)
        self._cards, self.plots = [], []
        report = self._report
        if report is None:
            return
        groups = sweep_groups(report, self.task.task)
        self.note.setText(self._said(report) if groups else _NONE)
        self.turns.start(partial(self._add, report, group) for group in groups)

    def _add(self, report: AuditReport, group: SweepGroup) -> None:
        self._cards.append(self._card(report, group))
        self._place()

    def _said(self, report: AuditReport) -> str:
        elsewhere = attack_sweeps(report)
        if elsewhere and self.task.task not in elsewhere:
            names = ", ".join(task_name(report, task) for task in elsewhere)
            return f"{_NOTE} Budget and steps were swept on {names} only."
        anew = any(group.recrafted for group in sweep_groups(report, self.task.task))
        return _NOTE + (_ANEW if anew else "")

    def _card(self, report: AuditReport, group: SweepGroup) -> QFrame:
        plot = SweepPlot(self.theme, report, group)
        self.plots.append(plot)
        title = self.theme.label(group.title)
        title.setProperty("strong", True)
        column = QVBoxLayout()
        column.setSpacing(INSIDE)
        column.addWidget(title)
        column.addWidget(LegendRow(self.theme, plot.keys()))
        column.addStretch(1)
        column.addWidget(plot)
        return card(column)

    def _place(self) -> None:
        columns = 2 if self.width() >= _TWO_COLUMNS_FROM * self.theme.scale else 1
        for number, each in enumerate(self._cards):
            self._grid.addWidget(each, number // columns, number % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
