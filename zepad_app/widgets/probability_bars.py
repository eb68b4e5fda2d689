"""The likeliest classes as bars on a scale from 0 to 1, the same in every column."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import Meaning
from zepad_engine.questions import ClassScore

_BAR = 5


class ProbabilityBars(QWidget):
    """A line per class: name, percent, and the bar below them."""

    def __init__(self, theme: Theme, meaning: Meaning, rows: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._meaning: Meaning = meaning
        self._rows = rows
        self.scores: tuple[ClassScore, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Likeliest classes")
        theme.changed.connect(self.updateGeometry)

    def show_scores(self, scores: Sequence[ClassScore]) -> None:
        """Show other classes, the likeliest first."""
        self.scores = tuple(scores)[: self._rows]
        words = [f"{score.name} {100 * score.probability:.1f} %" for score in self.scores]
        self.setAccessibleDescription(", ".join(words))
        self.setToolTip("\n".join(words))
        self.update()

    def bar(self, row: int) -> QRectF:
        """The bar of a row; the full width is a probability of 1."""
        line = self._line()
        return QRectF(0, (row + 1) * line - _BAR - 3, self.width() * self.scores[row].probability, _BAR)

    def words(self, row: int) -> tuple[str, str]:
        """Name and percent of a row; the name is as long as the number leaves room."""
        score, metrics = self.scores[row], QFontMetrics(self._theme.font("caption"))
        share = f"{100 * score.probability:.1f}"
        room = self.width() - metrics.horizontalAdvance(share) - 6
        return metrics.elidedText(score.name, Qt.TextElideMode.ElideRight, room), share

    def sizeHint(self) -> QSize:
        """Room for all rows."""
        return QSize(120, self._rows * self._line())

    def minimumSizeHint(self) -> QSize:
        """Names are shortened before bars go."""
        return QSize(72, self._rows * self._line())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the rows."""
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        metrics = QFontMetrics(self._theme.font("caption"))
        tokens, line = self._theme.tokens, self._line()
        for row in range(len(self.scores)):
            box = QRectF(0, row * line, self.width(), metrics.height())
            name, share = self.words(row)
            painter.setPen(QColor(tokens.ink if row == 0 else tokens.ink_soft))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), share)
            bar = self.bar(row)
            painter.fillRect(QRectF(0, bar.top(), self.width(), _BAR), QColor(tokens.raised))
            painter.fillRect(bar, self._theme.colour(self._meaning))

    def _line(self) -> int:
        return QFontMetrics(self._theme.font("caption")).height() + _BAR + 5
