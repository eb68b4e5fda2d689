"""What one branch says of a picture: classes, confidence, weight."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.wording import branch_meaning, branch_name, branch_role
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE, Meaning
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.fitting_label import FittingLabel
from zepad_app.widgets.probability_bars import ProbabilityBars
from zepad_engine.questions import BranchJudgement

_FIGURES = (
    ("m", "Confidence m", "0.00", "Confidence m: the largest softmax probability."),
    ("c", "Scaled c", "00.00", "Scaled c: confidence as the fusion uses it: c = m·exp(k(m − ½))."),
    ("weight", "Weight", "100 %", "Share of the fusion weight."),
)
_SHORT = {"tuned_victim": "Victim", "tuned_auxiliary": "Auxiliary", "benign": "Benign", "undefended": "Undef."}


class Mark(QWidget):
    """The marker of a meaning, as in every plot."""

    def __init__(self, theme: Theme, meaning: Meaning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._meaning: Meaning = meaning
        self.setFixedSize(14, 14)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(7, 7)
        colour = self._theme.colour(self._meaning)
        symbol = self._theme.marker(self._meaning)
        pg.graphicsItems.ScatterPlotItem.drawSymbol(painter, symbol, 11, QPen(colour, 0.1), pg.mkBrush(colour))


class BranchHead(QWidget):
    """Marker, name and the paper's name of a branch."""

    def __init__(self, theme: Theme, branch: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        meaning = branch_meaning(branch)
        name = FittingLabel("body")
        name.setProperty("soft", False)
        name.setProperty("meaning", meaning)
        whole = branch_name(branch)
        name.tell_either(whole, _SHORT.get(branch, whole), hint=f"{whole}: {branch_role(branch)}")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(Mark(theme, meaning), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(name, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        self.caption = ElidedLabel("caption")
        self.caption.tell(branch_role(branch))
        column.addWidget(self.caption)


class BranchColumn(QFrame):
    """One column of the inspector; ``undefended`` stands beside the three branches for comparison."""

    def __init__(self, theme: Theme, branch: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._theme = theme
        self._branch = branch
        self.bars = ProbabilityBars(theme, branch_meaning(branch))
        self.figures: dict[str, QLabel] = {}
        self._heads: list[tuple[ElidedLabel, str, str, str]] = []
        self.setAccessibleName(branch_name(branch))
        column = QVBoxLayout(self)
        column.setContentsMargins(INSIDE, INSIDE + 4, INSIDE, INSIDE + 4)
        column.setSpacing(INSIDE)
        column.addWidget(BranchHead(theme, branch))
        column.addWidget(self.bars)
        column.addLayout(self._facts())
        column.addStretch(1)

    def show_judgement(self, said: BranchJudgement) -> None:
        """Show another judgement."""
        self.bars.show_scores(said.top)
        fused = self._branch != "undefended"
        self.figures["m"].setText(f"{said.m:.2f}")
        self.figures["c"].setText(f"{said.c:.2f}" if fused else "–")
        self.figures["weight"].setText(f"{100 * said.weight:.0f} %" if fused else "–")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Name the figures by words where all of them fit, else by letters."""
        super().resizeEvent(event)
        caption, body = (QFontMetrics(self._theme.font(role)) for role in ("caption", "body"))
        room = self.width() - 2 * INSIDE - 8
        needs = (caption.horizontalAdvance(name) + body.horizontalAdvance(widest) for _, name, widest, _ in _FIGURES)
        fits = max(needs) <= room
        for head, name, short, hint in self._heads:
            head.tell(name if fits else short, hint)

    def _facts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(0)
        for place, (key, name, _, hint) in enumerate(_FIGURES):
            head, figure = ElidedLabel("caption"), self._theme.label("–")
            self._heads.append((head, name, key[0], hint))
            figure.setToolTip(hint)
            figure.setAccessibleName(f"{name} of the {branch_name(self._branch).lower()}")
            grid.addWidget(head, place, 0)
            grid.addWidget(figure, place, 1, Qt.AlignmentFlag.AlignRight)
            self.figures[key] = figure
        grid.setColumnStretch(0, 1)
        return grid
