"""What one branch says of a picture: classes, confidence, weight, and where it looked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.results.wording import branch_meaning, branch_name, branch_role
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE, Meaning
from zepad_app.widgets.picture import Picture
from zepad_app.widgets.probability_bars import ProbabilityBars
from zepad_engine.questions import BranchJudgement

_MAP = 96
_FIGURES = (
    ("m", "Confidence m: the largest softmax probability."),
    ("c", "Confidence c = m·exp(k(m − ½)), as the fusion uses it."),
    ("weight", "Share of the fusion weight."),
)


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


def _as_picture(path: Path) -> QImage:
    """Values (H, W), not negative, as grey: 255 is the largest."""
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError):
        return QImage()
    grey = np.ascontiguousarray(255 * values / max(float(values.max()), 1e-12), dtype=np.uint8)
    height, width = grey.shape
    return QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


class BranchColumn(QFrame):
    """One column of the inspector; ``undefended`` stands beside the three branches for comparison."""

    def __init__(self, theme: Theme, branch: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._theme = theme
        self._branch = branch
        meaning = branch_meaning(branch)
        self.bars = ProbabilityBars(theme, meaning)
        self.figures: dict[str, QLabel] = {}
        self.map = Picture(theme, f"Attribution of the {branch_name(branch).lower()}", QSize(_MAP, _MAP))
        self.map.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.map.setMinimumHeight(56)
        self.setAccessibleName(branch_name(branch))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 12, 10, 12)
        column.setSpacing(INSIDE)
        column.addLayout(self._head(meaning))
        column.addWidget(self.bars)
        column.addLayout(self._facts())
        column.addWidget(self.map, 1)

    def show_judgement(self, said: BranchJudgement) -> None:
        """Show another judgement; its attribution follows."""
        self.bars.show_scores(said.top)
        fused = self._branch != "undefended"
        self.figures["m"].setText(f"{said.m:.2f}")
        self.figures["c"].setText(f"{said.c:.2f}" if fused else "–")
        self.figures["weight"].setText(f"{100 * said.weight:.0f} %" if fused else "–")

    def show_map(self, path: Path | None) -> None:
        """Show the attribution stored in a ``.npy`` file, white where it is largest; or none."""
        self.map.setVisible(path is not None)
        if path is not None:
            self.map.show_image(_as_picture(path))

    def _head(self, meaning: Meaning) -> QVBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(Mark(self._theme, meaning), 0, Qt.AlignmentFlag.AlignVCenter)
        name = self._theme.label(branch_name(self._branch))
        name.setProperty("meaning", meaning)
        row.addWidget(name, 1)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._theme.label(branch_role(self._branch), "caption", soft=True))
        return column

    def _facts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        for place, (name, hint) in enumerate(_FIGURES):
            head, figure = self._theme.label(name, "caption", soft=True), self._theme.label("–")
            head.setToolTip(hint)
            figure.setToolTip(hint)
            figure.setAccessibleName(f"{name} of the {branch_name(self._branch).lower()}")
            grid.addWidget(head, 0, place)
            grid.addWidget(figure, 1, place)
            grid.setColumnStretch(place, 1)
            self.figures[name] = figure
        return grid
