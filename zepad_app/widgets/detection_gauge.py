"""The detector's scale: the clean calibration images as a cloud, the threshold as a line, this image as a marker."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import Meaning

_MARGIN: Final = 12
_CLOUD: Final = 36


class DetectionGauge(QWidget):
    """Score = MPAE minus BMP confidence, to the right the likelier perturbed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.score = 0.0
        self.threshold = 0.0
        self.calibration: tuple[float, ...] = ()
        self.flagged = False
        self.own = False
        self.setAccessibleName("Detection gauge")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_score(
        self, score: float, threshold: float, calibration: tuple[float, ...], *, flagged: bool, own: bool = False
    ) -> None:
        """Show another image's score; ``own`` says that the threshold is the user's, not the calibrated one."""
        self.score, self.threshold, self.calibration, self.flagged = score, threshold, calibration, flagged
        self.own = own
        side = "above" if flagged else "not above"
        text = f"Score {score:.2f}, {side} {'your own' if own else 'the'} threshold {threshold:.2f}; "
        text += f"{len(calibration)} clean images behind it."
        self.setAccessibleDescription(text)
        self.setToolTip(text + "\nScore = MPAE confidence − BMP confidence.")
        self.update()

    def x_of(self, score: float) -> float:
        """The place of a score in pixels of this widget."""
        low, high = self._range()
        return _MARGIN + (score - low) / (high - low) * (self.width() - 2 * _MARGIN)

    def sizeHint(self) -> QSize:
        """Words above, cloud, scale below."""
        return QSize(360, _CLOUD + 2 * self._line() + 8)

    def minimumSizeHint(self) -> QSize:
        """As low as that, and narrow."""
        return QSize(240, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Zone, scale, cloud, threshold, marker."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("caption"))
        top = self._line() + 4
        self._paint_zone(painter, top)
        self._paint_scale(painter, top + _CLOUD)
        self._paint_cloud(painter, top)
        self._paint_threshold(painter, top)
        self._paint_marker(painter, top)

    def _range(self) -> tuple[float, float]:
        known = (*self.calibration, self.score, self.threshold)
        low, high = min(known), max(known)
        room = 0.06 * (high - low) or 0.5
        return low - room, high + room

    def _paint_zone(self, painter: QPainter, top: int) -> None:
        colour = self._theme.colour("adversarial")
        colour.setAlpha(28)
        left = self.x_of(self.threshold)
        painter.fillRect(QRectF(left, top, self.width() - _MARGIN - left, _CLOUD), colour)

    def _paint_scale(self, painter: QPainter, y: int) -> None:
        painter.setPen(QPen(QColor(self._theme.tokens.line), 1))
        painter.drawLine(QPointF(_MARGIN, y), QPointF(self.width() - _MARGIN, y))
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        for value in round_ticks(*self._range()):
            box = QRectF(self.x_of(value) - 24, y + 2, 48, self._line())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), f"{value:g}".replace("-", "−"))

    def _paint_cloud(self, painter: QPainter, top: int) -> None:
        colour = self._theme.colour("undefended")
        colour.setAlpha(120)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for number, value in enumerate(self.calibration):
            # A fixed golden-ratio scatter: the same cloud at every repaint.
            y = top + 4 + (number * 0.618034 % 1) * (_CLOUD - 8)
            painter.drawEllipse(QPointF(self.x_of(value), y), 2.2, 2.2)

    def _paint_threshold(self, painter: QPainter, top: int) -> None:
        x = self.x_of(self.threshold)
        painter.setPen(QPen(QColor(self._theme.tokens.ink), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, top - 2), QPointF(x, top + _CLOUD))
        text = self._threshold_words()
        width = QFontMetrics(self._theme.font("caption")).horizontalAdvance(text)
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        left = min(max(x - width / 2, 0), self.width() - width)
        painter.drawText(QRectF(left, 0, width + 2, self._line()), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_marker(self, painter: QPainter, top: int) -> None:
        meaning: Meaning = "adversarial" if self.flagged else "fused"
        colour, x = self._theme.colour(meaning), self.x_of(self.score)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(x, top), QPointF(x, top + _CLOUD))
        halo = QColor(self._theme.tokens.surface)
        for size, shade in ((22, halo), (16, colour)):
            painter.save()
            painter.translate(x, top + _CLOUD / 2)
            symbol, pen = self._theme.marker(meaning), QPen(shade, 0.1)
            pg.graphicsItems.ScatterPlotItem.drawSymbol(painter, symbol, size, pen, pg.mkBrush(shade))
            painter.restore()

    def _threshold_words(self) -> str:
        return f"{'your own threshold' if self.own else 'threshold'} {self.threshold:.2f}".replace("-", "−")

    def _line(self) -> int:
        return QFontMetrics(self._theme.font("caption")).height() + 2


def round_ticks(low: float, high: float) -> tuple[float, ...]:
    """A handful of round numbers between two values."""
    step = next(size for size in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0) if (high - low) / size <= 8 or size == 10.0)
    first, last = int(low / step) - 1, int(high / step) + 1
    return tuple(round(n * step, 6) for n in range(first, last + 1) if low <= n * step <= high)
