"""Branches: what each part of ZePAD is worth, and who is right, who is sure and who decides."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.ablation import ALL, UNSEEN, parts_of, scopes_of
from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.in_turn import InTurn
from zepad_app.results.sheet import Sheet
from zepad_app.results.wording import task_name
from zepad_app.theme import Theme
from zepad_app.widgets.ablation_plot import AblationPlot
from zepad_app.widgets.branch_plot import ASPECTS, BranchPair, BranchPlot, branch_keys
from zepad_app.widgets.legend_row import LegendRow
from zepad_engine.findings import AuditReport

_SCOPES = {UNSEEN: "Mean of the unseen tasks", ALL: "Mean of all tasks"}
_NOTE = (
    "Choose a single task for ZePAD's difference from each system on the same images, with its 95 % interval (Bonett "
    "and Price) and McNemar's exact p, not corrected for the number of comparisons."
)


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
    """Bars of the ablation, then three plots over the same rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self.turns = InTurn(self)
        self.choice = AttackChoice(theme, "What is each part worth?")
        self.scope = QComboBox()
        self.scope.setAccessibleName("Tasks shown")
        self.choice.row.insertWidget(2, self.scope)
        self.ablation = AblationPlot(theme)
        self.plots = {key: BranchPlot(theme, key, title, named=key == "accuracy") for key, title, _ in ASPECTS}
        self._build()
        self.choice.chosen.connect(self._on_attack)
        self.scope.currentIndexChanged.connect(self._on_scope)

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report."""
        self._report = report
        self.scope.blockSignals(True)
        self.scope.clear()
        for scope in scopes_of(report):
            self.scope.addItem(_SCOPES.get(scope) or task_name(report, scope), scope)
        self.scope.blockSignals(False)
        attacks = tuple(dict.fromkeys(found.attack for found in report.cells if found.attack != "none"))
        self.choice.show_attacks(report, attacks)

    def _build(self) -> None:
        note = self.theme.label(_NOTE, "caption", soft=True)
        note.setWordWrap(True)
        self.column.addWidget(self.choice)
        self.column.addWidget(LegendRow(self.theme, self.ablation.keys()))
        self.add_card(self.ablation)
        self.column.addWidget(note)
        self.add_gap()
        self.column.addWidget(self.theme.label("Who decides?", "section"))
        self.column.addWidget(LegendRow(self.theme, branch_keys(self.theme)))
        row = QHBoxLayout()
        for key, title, hint in ASPECTS:
            row.addLayout(self._titled(key, title, hint), 8 if key == "accuracy" else 5)
        self.add_card(row)
        self.column.addStretch(1)

    def _titled(self, key: str, title: str, hint: str) -> QVBoxLayout:
        column = QVBoxLayout()
        label = self.theme.label(title, "caption", soft=True)
        label.setToolTip(hint)
        label.setContentsMargins(128 if key == "accuracy" else 12, 0, 0, 0)
        column.addWidget(label)
        column.addWidget(next(plot for name, plot in self.plots.items() if name == key))
        return column

    def _on_attack(self, attack: str) -> None:
        if self._report is None:
            return
        pairs = branch_pairs(self._report, attack)
        self.turns.start((self._on_scope, *(partial(plot.show_pairs, pairs) for plot in self.plots.values())))

    def _on_scope(self) -> None:
        if self._report is not None:
            scope = str(self.scope.currentData() or "")
            self.ablation.show_parts(parts_of(self._report, self.choice.attack, scope))
