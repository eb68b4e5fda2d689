"""What each branch says: a column each on one scale, who decides, and whether they agree."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from zepad_app.inspection.sentences import agreement_sentence
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.branch_column import BranchColumn
from zepad_app.widgets.weight_bar import WeightBar
from zepad_engine.questions import Judged

COLUMNS: Final = ("tuned_victim", "tuned_auxiliary", "benign", "undefended")
# Of a column at the usual text size.
_NARROWEST: Final = 92


class AnswersPane(QScrollArea):
    """`show_judged` replaces everything at once."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.columns = {branch: BranchColumn(theme, branch) for branch in COLUMNS}
        self.agreement = theme.label("")
        self.agreement.setWordWrap(True)
        self.weights = WeightBar(theme)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("What each branch says")
        self.setProperty("ring", True)
        self._grid = QGridLayout()
        self._grid.setSpacing(INSIDE)
        self._abreast = 0
        page = QWidget()
        page.setObjectName("page")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, INSIDE + 4, 0, 0)
        inside.setSpacing(4)
        inside.addLayout(self._grid)
        inside.addSpacing(BETWEEN - 4)
        inside.addWidget(self.agreement)
        inside.addWidget(self.weights)
        inside.addStretch(1)
        self.setWidget(page)
        self._arrange(len(COLUMNS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Four columns where their words have room, else two and two."""
        super().resizeEvent(event)
        self._arrange(len(COLUMNS) if self.width() >= len(COLUMNS) * _NARROWEST * self._theme.scale else 2)

    def _arrange(self, abreast: int) -> None:
        if abreast == self._abreast:
            return
        self._abreast = abreast
        for place, column in enumerate(self.columns.values()):
            self._grid.addWidget(column, place // abreast, place % abreast)
        for place in range(len(COLUMNS)):
            self._grid.setColumnStretch(place, int(place < abreast))

    def show_judged(self, judged: Judged) -> None:
        """Show another judgement."""
        for said in (*judged.branches, judged.undefended):
            # The engine may name the undefended victim by its place in the audit; it is told apart by where it stands.
            key = "undefended" if said is judged.undefended else said.branch
            if key in self.columns:
                self.columns[key].show_judgement(said)
        self.agreement.setText(agreement_sentence(judged.branches))
        self.weights.show_weights(judged.branches)
