"""Attacks: every crafted perturbation, seen and measured."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from zepad_app.results.sheet import Sheet, clear
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN
from zepad_app.widgets.attack_cards import AttackCard
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport


def cost_of(report: AuditReport, attack: str) -> tuple[Rate | None, Rate | None]:
    """Mean clean and robust accuracy of the undefended encoder over all tasks."""
    mine = [mean for mean in report.averages if mean.defence == "undefended" and not mean.unseen]
    clean = next((mean.ba for mean in mine if mean.ba is not None), None)
    robust = next((mean.ra for mean in mine if mean.attack == attack), None)
    return clean, robust


class AttacksTab(Sheet):
    """A card per attack."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.cards: list[AttackCard] = []
        self.column.addWidget(theme.label("The perturbations", "section"))
        self._list = QVBoxLayout()
        self._list.setSpacing(BETWEEN)
        self.column.addLayout(self._list)
        self.column.addStretch(1)

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Show another report, whose pictures lie in ``folder``."""
        clear(self._list)
        self.cards = [AttackCard(self.theme, found, folder, cost_of(report, found.key)) for found in report.attacks]
        for item in self.cards:
            self._list.addWidget(item)
        if not self.cards:
            self._list.addWidget(self.theme.label("This run crafted no perturbation.", soft=True))
