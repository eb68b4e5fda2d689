"""Training: how each branch was tuned, losses and validation accuracies per epoch."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.in_turn import InTurn
from zepad_app.results.sheet import Sheet, card, clear
from zepad_app.results.wording import branch_meaning, branch_name, branch_role
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.attack_cards import seconds_text
from zepad_app.widgets.epoch_plot import ACCURACIES, DISTANCES, LOSSES, PURIFIER_LOSSES, Curve, EpochPlot
from zepad_app.widgets.legend_row import LegendRow
from zepad_engine.findings import AuditReport
from zepad_engine.trained import TuningFinding

# Title and curves of a plot, and whether they are shares.
_Shown: TypeAlias = tuple[str, tuple[Curve, ...], bool]


class TrainingTab(Sheet):
    """A card per branch with two plots."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.plots: list[EpochPlot] = []
        self.turns = InTurn(self)
        self.column.addWidget(theme.label("How the branches were trained", "section"))
        note = "Epochs are chosen on validation images, never on test images."
        self.column.addWidget(theme.label(note, "caption", soft=True))
        self._list = QVBoxLayout()
        self._list.setSpacing(BETWEEN)
        self.column.addLayout(self._list)
        self.column.addStretch(1)

    def show_report(self, report: AuditReport, _folder: Path = Path()) -> None:
        """Show another report."""
        clear(self._list)
        self.plots = []
        self.turns.start(self._steps(report))
        if not report.tuning:
            self._list.addWidget(self.theme.label("This run trained no branch.", soft=True))

    def _steps(self, report: AuditReport) -> Iterator[Callable[[], object]]:
        """A card in one turn, each of its plots in another."""
        for found in report.tuning:
            row = QHBoxLayout()
            row.setSpacing(BETWEEN)
            yield partial(self._add, found, row)
            for shown in _plots(found):
                yield partial(self._add_plot, row, found, shown)

    def _add(self, found: TuningFinding, row: QHBoxLayout) -> None:
        self._list.addWidget(self._card(found, row))

    def _add_plot(self, row: QHBoxLayout, found: TuningFinding, shown: _Shown) -> None:
        row.addLayout(self._plot(found, shown))

    def _card(self, found: TuningFinding, row: QHBoxLayout) -> QFrame:
        column = QVBoxLayout()
        column.setSpacing(INSIDE)
        title = self.theme.label(f"{branch_name(found.branch)} ({branch_role(found.branch)})", "section")
        title.setProperty("meaning", branch_meaning(found.branch))
        column.addWidget(title)
        words = f"{seconds_text(found.seconds)} · n = {found.validation_n:,} validation images"
        if found.weight:
            words += f" · λ = {found.weight:.3g}"
        if found.untouched is not None:
            words += f" · distance of features without the purifier {found.untouched:.3f} of their length"
        recipe = self.theme.label(
            f"{words} · {textwrap.shorten(found.recipe, 240, placeholder=' …')}", "caption", soft=True
        )
        recipe.setWordWrap(True)
        recipe.setToolTip(found.recipe)
        column.addWidget(recipe)
        column.addLayout(row)
        return card(column)

    def _plot(self, found: TuningFinding, shown: _Shown) -> QVBoxLayout:
        title, curves, share = shown
        plot = EpochPlot(self.theme, found, f"{title} of the {branch_name(found.branch).lower()}", curves, share=share)
        self.plots.append(plot)
        column = QVBoxLayout()
        head = QHBoxLayout()
        head.addWidget(self.theme.label(title))
        head.addSpacing(BETWEEN)
        head.addWidget(LegendRow(self.theme, plot.keys()), 1)
        column.addLayout(head)
        column.addWidget(plot)
        return column


def _plots(found: TuningFinding) -> tuple[_Shown, ...]:
    if found.purifying:
        return ("Losses", PURIFIER_LOSSES, False), ("Distance of features", DISTANCES, False)
    # A branch trained on clean images alone has no regularisation and no PGD: leave flat zero lines out.
    losses = tuple(c for c in LOSSES if c.field != "regularisation" or any(r.regularisation for r in found.epochs))
    return ("Losses", losses if len(losses) == 3 else losses[1:], False), ("Validation accuracy", ACCURACIES, True)
