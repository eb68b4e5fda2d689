"""Two accuracies as bars on one scale: this encoder above, the same net with random weights below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.theme import Theme
from zepad_engine.preflight import NeighbourFinding

_NAMES: Final = ("This encoder", "Random weights")
_BAR: Final = 6
_GAP: Final = 8


class NeighbourBars(QWidget):
    """Filled for the encoder, an outline for random weights, so that they differ without colour."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.accuracies: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("k-NN accuracy")
        theme.changed.connect(self.updateGeometry)

    def show_finding(self, found: NeighbourFinding | None) -> None:
        """Show the accuracies of a probe, or two empty tracks."""
        self.accuracies = (found.accuracy, found.random_accuracy) if found else ()
        words = [f"{name} {100 * value:.1f} %" for name, value in zip(_NAMES, self.accuracies, strict=False)]
        self.setAccessibleDescription(", ".join(words))
        self.setToolTip("k-NN accuracy\n" + "\n".join(words) if words else "")
        self.update()

    def track(self, row: int) -> QRectF:
        """The whole scale of a row, 0 to 100 %."""
        metrics = QFontMetrics(self._theme.font("caption"))
        left = max(metrics.horizontalAdvance(name) for name in _NAMES) + _GAP
        right = metrics.horizontalAdvance("100.0 %") + _GAP
        top = row * self._line() + (self._line() - _BAR) / 2
        return QRectF(left, top, max(0, self.width() - left - right), _BAR)

    def bar(self, row: int) -> QRectF:
        """The bar of a row."""
        track = self.track(row)
        return QRectF(track.left(), track.top(), track.width() * self.accuracies[row], _BAR)

    def sizeHint(self) -> QSize:
        """Room for both rows."""
        return QSize(240, 2 * self._line())

    def minimumSizeHint(self) -> QSize:
        """The bars may shrink, not the rows."""
        return QSize(160, 2 * self._line())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw names, tracks, bars and values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("caption"))
        for row, name in enumerate(_NAMES):
            self._paint_row(painter, row, name)

    def _paint_row(self, painter: QPainter, row: int, name: str) -> None:
        tokens, line = self._theme.tokens, QRectF(0, row * self._line(), self.width(), self._line())
        painter.setPen(QColor(tokens.ink_soft))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.raised))
        painter.drawRoundedRect(self.track(row), _BAR / 2, _BAR / 2)
        if not self.accuracies:
            return
        painter.setPen(QColor(tokens.ink))
        value = f"{100 * self.accuracies[row]:.1f} %"
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), value)
        bar = self.bar(row)
        if row == 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.ink))
        else:
            painter.setPen(QPen(QColor(tokens.ink_soft), 1.2))
            painter.setBrush(QColor(tokens.surface))
            bar.adjust(0.6, 0.6, -0.6, -0.6)
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)

    def _line(self) -> int:
        return QFontMetrics(self._theme.font("caption")).height() + 2
