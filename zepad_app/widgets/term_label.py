"""A term of art: dots under it, and its meaning in a sentence on hover and for those who hear the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QWidget

from zepad_app.widgets.hint import plain_hint


class TermLabel(QLabel):
    """A label with dots under its text."""

    def __init__(self, text: str, meaning: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setToolTip(plain_hint(meaning))
        self.setAccessibleDescription(meaning)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, and dots along its lower edge."""
        super().paintEvent(event)
        metrics = self.fontMetrics()
        width = min(metrics.horizontalAdvance(self.text()), self.width())
        above = self.height() - metrics.height()
        # Beside a cell of several lines the term stands at the top.
        bottom = metrics.height() + (0 if self.alignment() & Qt.AlignmentFlag.AlignTop else above // 2)
        pen = QPen(self.palette().color(QPalette.ColorRole.PlaceholderText), 1)
        # Qt's own dots are as long as the pen is wide: too faint at one pixel.
        pen.setDashPattern([1.0, 3.0])
        painter = QPainter(self)
        painter.setPen(pen)
        painter.drawLine(0, min(bottom, self.height() - 1), width, min(bottom, self.height() - 1))
        painter.end()
