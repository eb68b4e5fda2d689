"""The strip at the foot: whether the engine can answer, on what it computes, and what runs."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE


class _Dot(QWidget):
    """Filled = ready, ring = starting, cross-less hollow grey = stopped; never colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(12, 12))
        self._colour = QColor()
        self._filled = False

    def set_look(self, colour: str, filled: bool) -> None:
        self._colour = QColor(colour)
        self._filled = filled
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour, 1.5))
        if self._filled:
            painter.setBrush(self._colour)
        painter.drawEllipse(QRectF(2, 2, 8, 8))
        painter.end()


class StatusStrip(QFrame):
    """One line that is always true."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._engine = "stopped"
        self.setProperty("surface", "strip")
        self.setAccessibleName("Status")
        self._dot = _Dot()
        self._left = label("", "caption", soft=True)
        self._right = label("", "caption", soft=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(BETWEEN, 6, BETWEEN, 6)
        row.setSpacing(INSIDE)
        row.addWidget(self._dot)
        row.addWidget(self._left, 1)
        row.addWidget(self._right)
        theme.changed.connect(self._dress)

    @property
    def text(self) -> str:
        """Both ends of the strip as one sentence."""
        return f"{self._left.text()} · {self._right.text()}".strip(" ·")

    def tell(self, engine: str, left: str, right: str) -> None:
        """Show the engine's state ("stopped", "starting", "ready") and two phrases."""
        self._engine = engine
        self._left.setText(left)
        self._right.setText(right)
        self.setAccessibleDescription(self.text)
        self._dress()

    def _dress(self) -> None:
        tokens = self._theme.tokens
        colours = {"ready": tokens.benign, "starting": tokens.ink_soft, "stopped": tokens.warning}
        self._dot.set_look(colours[self._engine], self._engine == "ready")
