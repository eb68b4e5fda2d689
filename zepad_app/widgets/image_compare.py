"""A picture before and after: a divider to drag, or clean, perturbed and difference under one linked zoom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.segments import Segments

_MODES: Final = (
    ("divider", "Divider", "Drag the divider: clean at the left, perturbed at the right."),
    ("beside", "Side by side", "Clean, perturbed and their amplified difference, zoomed together."),
)
_MOST_ZOOM: Final = 8
_GAP: Final = 6


class ComparePane(QWidget):
    """Draws the pictures with hard pixel edges; all views show the same cut-out."""

    zoomed = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._images = (QImage(), QImage(), QImage())
        self._gain = 1.0
        self._mode = "divider"
        self._centre = QPointF(0.5, 0.5)
        self._grabbed: QPointF | None = None
        self.divider = 0.5
        self.zoom = 1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Picture before and after the perturbation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 180)
        theme.changed.connect(self.update)

    def show_images(self, clean: QImage, perturbed: QImage, residual: QImage, gain: float) -> None:
        """Show another picture; the residual is already amplified by ``gain``."""
        self._images = (clean, perturbed, residual)
        self._gain = gain
        self.setAccessibleDescription(f"Difference amplified {gain:g} times.")
        self.update()

    def show_mode(self, mode: str) -> None:
        """``divider`` or ``beside``."""
        self._mode = mode
        self.update()

    def set_zoom(self, zoom: int) -> None:
        """Magnify all views, 1 to 8."""
        zoom = min(max(zoom, 1), _MOST_ZOOM)
        if zoom != self.zoom:
            self.zoom = zoom
            self._move_centre(QPointF(0, 0))
            self.zoomed.emit(zoom)

    def sizeHint(self) -> QSize:
        """A comfortable square."""
        return QSize(340, 320)

    def source(self) -> QRectF:
        """The cut-out shown, in pixels of the picture."""
        image = self._images[0]
        width, height = image.width() / self.zoom, image.height() / self.zoom
        left, top = self._centre.x() * image.width() - width / 2, self._centre.y() * image.height() - height / 2
        return QRectF(left, top, width, height)

    def targets(self) -> tuple[QRectF, ...]:
        """Where the views lie: one for the divider, three side by side."""
        count = 1 if self._mode == "divider" else len(self._images)
        caption = self._caption_height()
        image = self._images[0]
        ratio = image.width() / image.height() if image.height() else 1.0
        width = min((self.width() - (count - 1) * _GAP) / count, (self.height() - caption) * ratio)
        left = (self.width() - count * width - (count - 1) * _GAP) / 2
        top = max((self.height() - caption - width / ratio) / 2, 0)
        return tuple(QRectF(left + n * (width + _GAP), top, width, width / ratio) for n in range(count))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the views and their captions."""
        if self._images[0].isNull():
            return
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        targets = self.targets()
        if self._mode == "divider":
            self._paint_divided(painter, targets[0])
        else:
            names = ("clean", "perturbed", f"difference ×{self._gain:g}")
            for image, target, name in zip(self._images, targets, names, strict=True):
                painter.drawImage(target, image, self.source())
                self._paint_caption(painter, target, name)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.tokens.accent), 1))
            painter.drawRect(targets[0].adjusted(-1, -1, 0, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the divider, or the picture where it is zoomed."""
        self._grabbed = event.position()
        self._drag_divider(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the divider, or pan."""
        if self._grabbed is None:
            return
        moved = event.position() - self._grabbed
        self._grabbed = event.position()
        if self._mode == "beside":
            size = self.targets()[0].width() * self.zoom
            self._move_centre(QPointF(-moved.x() / size, -moved.y() / size))
        else:
            self._drag_divider(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._grabbed = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl and the wheel zoom; the wheel alone scrolls the page."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self.zoom + (1 if event.angleDelta().y() > 0 else -1))
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the divider or pan; plus and minus zoom."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self.set_zoom(self.zoom + (1 if key == Qt.Key.Key_Plus else -1))
        elif key in steps:
            x, y = steps[key]
            if self._mode == "divider" and not y:
                self.divider = min(max(self.divider + 0.05 * x, 0.0), 1.0)
            self._move_centre(QPointF(0.05 * x, 0.05 * y) if self._mode == "beside" else QPointF(0, 0.05 * y))
        else:
            super().keyPressEvent(event)

    def _move_centre(self, by: QPointF) -> None:
        half = 0.5 / self.zoom
        x, y = self._centre.x() + by.x(), self._centre.y() + by.y()
        self._centre = QPointF(min(max(x, half), 1 - half), min(max(y, half), 1 - half))
        self.update()

    def _drag_divider(self, position: QPointF) -> None:
        if self._mode == "divider":
            target = self.targets()[0]
            self.divider = min(max((position.x() - target.left()) / max(target.width(), 1), 0.0), 1.0)
            self.update()

    def _paint_divided(self, painter: QPainter, target: QRectF) -> None:
        x = target.left() + self.divider * target.width()
        painter.drawImage(target, self._images[0], self.source())
        painter.save()
        painter.setClipRect(QRectF(x, target.top(), target.right() - x, target.height()))
        painter.drawImage(target, self._images[1], self.source())
        painter.restore()
        surface, ink = QColor(self._theme.tokens.surface), QColor(self._theme.tokens.ink)
        painter.setPen(QPen(surface, 4))
        painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))
        painter.setPen(QPen(ink, 1.5))
        painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(surface)
        painter.drawEllipse(QPointF(x, target.center().y()), 7, 7)
        self._paint_caption(painter, target, "clean")
        self._paint_caption(painter, target, "perturbed", Qt.AlignmentFlag.AlignRight)

    def _paint_caption(
        self, painter: QPainter, target: QRectF, text: str, side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft
    ) -> None:
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        box = QRectF(target.left(), target.bottom() + 4, target.width(), self._caption_height() - 4)
        painter.drawText(box, int(side | Qt.AlignmentFlag.AlignTop), text)

    def _caption_height(self) -> int:
        return self._theme.pixels("caption") + 12


class ImageCompare(QWidget):
    """The pane with its mode and zoom."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pane = ComparePane(theme)
        self.mode = Segments(theme, _MODES, "How the pictures are compared")
        self.zoom = QSlider(Qt.Orientation.Horizontal)
        self.zoom.setRange(1, _MOST_ZOOM)
        self.zoom.setFixedWidth(72)
        self.zoom.setAccessibleName("Zoom")
        self.zoom.setToolTip("Zoom; Ctrl and the mouse wheel do the same")
        row = QHBoxLayout()
        row.addWidget(self.mode)
        row.addStretch(1)
        row.addWidget(self.zoom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addLayout(row)
        column.addWidget(self.pane, 1)
        self.mode.chosen.connect(self.pane.show_mode)
        self.zoom.valueChanged.connect(self.pane.set_zoom)
        self.pane.zoomed.connect(self.zoom.setValue)

    def show_files(self, paths: Sequence[str], gain: float) -> None:
        """Show clean, perturbed and residual from their files."""
        clean, perturbed, residual = (QImage(path) for path in paths)
        self.pane.show_images(clean, perturbed, residual, gain)
