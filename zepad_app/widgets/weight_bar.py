"""Who decides: the branches' shares of the fusion weight in one bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.results.wording import branch_meaning, branch_name
from zepad_app.theme import Theme
from zepad_engine.questions import BranchJudgement

_BAR: Final = 12
_GAP: Final = 2


class WeightBar(QWidget):
    """Each part is as wide as its weight, in its branch's colour, with name and percent below where they fit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.weights: tuple[tuple[str, float], ...] = ()
        self.setAccessibleName("Who decides")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def show_weights(self, branches: Sequence[BranchJudgement]) -> None:
        """Show the weights of another judgement; they add up to 1."""
        self.weights = tuple((branch.branch, branch.weight) for branch in branches)
        words = ", ".join(f"{branch_name(branch)} {100 * weight:.0f} %" for branch, weight in self.weights)
        self.setAccessibleDescription(words)
        self.setToolTip(f"Shares of the fusion weight: {words}")
        self.update()

    def parts(self) -> tuple[QRectF, ...]:
        """The bar's parts, left to right."""
        left, found = 0.0, []
        for _, weight in self.weights:
            found.append(QRectF(left, 0, max(weight * self.width() - _GAP, 0), _BAR))
            left += weight * self.width()
        return tuple(found)

    def sizeHint(self) -> QSize:
        """Bar and words."""
        return QSize(240, _BAR + 4 + self._line())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the parts and, where there is room, their words."""
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        metrics = QFontMetrics(self._theme.font("caption"))
        for (branch, weight), part in zip(self.weights, self.parts(), strict=True):
            painter.fillRect(part, self._theme.colour(branch_meaning(branch)))
            share = f"{100 * weight:.0f} %"
            for words in (f"{branch_name(branch)} {share}", share):
                if metrics.horizontalAdvance(words) <= part.width():
                    painter.setPen(QColor(self._theme.tokens.ink_soft))
                    box = QRectF(part.left(), _BAR + 4, part.width(), self._line())
                    painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
                    break

    def _line(self) -> int:
        return QFontMetrics(self._theme.font("caption")).height()
