"""The head of a tab: its question, and which attack it is answered for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from zepad_app.results.contrasts import worst_attack
from zepad_app.results.wording import attack_name
from zepad_app.theme import Theme
from zepad_app.tokens import CHOICE_WIDTH, INSIDE
from zepad_engine.findings import AuditReport


class AttackChoice(QWidget):
    """Emits the key of the chosen attack; starts at the one that hurts the undefended encoder most."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, question: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Attack shown")
        self.box.setMinimumWidth(CHOICE_WIDTH)
        # Its words come after it was first shown.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(INSIDE)
        self.row.addWidget(theme.label(question, "section"))
        self.row.addStretch(1)
        self.row.addWidget(theme.label("Attack", soft=True))
        self.row.addWidget(self.box)
        self.box.currentIndexChanged.connect(self._on_index)

    @property
    def attack(self) -> str:
        """The key of the chosen attack, or ""."""
        return str(self.box.currentData() or "")

    def show_attacks(self, report: AuditReport, attacks: Sequence[str]) -> None:
        """Offer other attacks and emit the one chosen first."""
        self.box.blockSignals(True)
        self.box.clear()
        for key in attacks:
            self.box.addItem(attack_name(report, key), key)
        self.box.setCurrentIndex(max(self.box.findData(worst_attack(report)), 0 if attacks else -1))
        self.box.blockSignals(False)
        self.chosen.emit(self.attack)

    def choose(self, attack: str) -> None:
        """Choose as a click would."""
        self.box.setCurrentIndex(self.box.findData(attack))

    def _on_index(self) -> None:
        self.chosen.emit(self.attack)
