"""Summary: what the attack costs and what ZePAD wins back per task, then every rate."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QWidget

from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.contrasts import CONTROLS, attacks_of, contrasts
from zepad_app.results.in_turn import InTurn
from zepad_app.results.rate_table import MEASURES, Measure
from zepad_app.results.sheet import Sheet
from zepad_app.results.wording import attack_name, defence_name, task_name
from zepad_app.theme import Theme
from zepad_app.widgets.dumbbell_plot import DumbbellPlot
from zepad_app.widgets.legend_row import LegendRow
from zepad_app.widgets.result_table import ResultTable
from zepad_app.widgets.segments import Segments
from zepad_engine.findings import AuditReport


class SummaryTab(Sheet):
    """Dumbbells for a chosen attack, the full table."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self.turns = InTurn(self)
        self.choice = AttackChoice(theme, "Accuracy per task")
        self.plot = DumbbellPlot(theme)
        self.legend = LegendRow(theme, self.plot.keys())
        self.measure = Segments(MEASURES, "Rate shown")
        self.table = ResultTable(theme)
        self.note = theme.label("", "caption", soft=True)
        self.note.setWordWrap(True)
        self._build()
        self.choice.chosen.connect(self._on_attack)
        self.measure.chosen.connect(self._on_measure)

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report, at its worst attack."""
        self._report = report
        plot = partial(self.choice.show_attacks, report, attacks_of(report))
        self.turns.start((plot, partial(self.table.rates.show_report, report)))
        self._say_missing(report)

    def _build(self) -> None:
        self.column.addWidget(self.choice)
        self.column.addWidget(self.legend)
        self.add_card(self.plot)
        self.add_gap()
        second = QHBoxLayout()
        second.addWidget(self.theme.label("All rates", "section"))
        second.addStretch(1)
        second.addWidget(self.measure)
        self.column.addLayout(second)
        self.column.addWidget(self.table)
        self.column.addWidget(self.note)
        self.column.addStretch(1)

    def _on_attack(self, attack: str) -> None:
        if self._report is not None:
            report = self._report
            rows = [(task_name(report, row.task), row) for row in contrasts(report, attack)]
            self.plot.show_contrasts(rows, attack_name(report, attack))

    def _on_measure(self, key: str) -> None:
        measures: dict[str, Measure] = {name: name for name, _, _ in MEASURES}
        self.table.rates.show_measure(measures[key])

    def _say_missing(self, report: AuditReport) -> None:
        known = {cell.defence for cell in report.cells}
        missing = [defence_name(key).lower() for key in CONTROLS if key not in known]
        text = "± is half the 95 % interval, in points; hover for n and the exact interval. Ctrl+C copies."
        if missing:
            text += f" Not measured in this run, so the gain cannot be judged fully: {', '.join(missing)}."
        self.note.setText(text)
