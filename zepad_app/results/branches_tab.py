"""Branches: who is right, who is sure and who decides, before and after the perturbation."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.sheet import Sheet
from zepad_app.results.wording import task_name
from zepad_app.theme import Theme
from zepad_app.widgets.branch_plot import ASPECTS, BranchPair, BranchPlot, branch_keys
from zepad_app.widgets.legend_row import LegendRow
from zepad_engine.findings import AuditReport


def branch_pairs(report: AuditReport, attack: str, defence: str = "zepad") -> tuple[BranchPair, ...]:
    """The branches of a defence, task by task, clean beside perturbed."""
    mine = [found for found in report.branches if found.defence == defence]
    known = {(found.task, found.branch, found.attack): found for found in mine}
    return tuple(
        BranchPair(
            task=task_name(report, task),
            branch=branch,
            clean=known.get((task, branch, "none")),
            perturbed=known.get((task, branch, attack)),
        )
        for task, branch in dict.fromkeys((found.task, found.branch) for found in mine)
    )


class BranchesTab(Sheet):
    """Three plots over the same rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self.choice = AttackChoice(theme, "Who decides?")
        self.plots = {key: BranchPlot(theme, key, title, named=key == "accuracy") for key, title, _ in ASPECTS}
        self.column.addWidget(self.choice)
        self.column.addWidget(LegendRow(theme, branch_keys(theme)))
        row = QHBoxLayout()
        for key, title, hint in ASPECTS:
            row.addLayout(self._titled(key, title, hint), 8 if key == "accuracy" else 5)
        self.add_card(row)
        self.column.addStretch(1)
        self.choice.chosen.connect(self._on_attack)

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report."""
        self._report = report
        attacks = tuple(dict.fromkeys(found.attack for found in report.branches if found.attack != "none"))
        self.choice.show_attacks(report, attacks)

    def _titled(self, key: str, title: str, hint: str) -> QVBoxLayout:
        column = QVBoxLayout()
        label = self.theme.label(title, "caption", soft=True)
        label.setToolTip(hint)
        label.setContentsMargins(128 if key == "accuracy" else 12, 0, 0, 0)
        column.addWidget(label)
        column.addWidget(next(plot for name, plot in self.plots.items() if name == key))
        return column

    def _on_attack(self, attack: str) -> None:
        if self._report is not None:
            for plot in self.plots.values():
                plot.show_pairs(branch_pairs(self._report, attack))
