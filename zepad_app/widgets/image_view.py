"""Pictures under one zoom with hard pixel edges: clean and perturbed at a divider, or all views side by side."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.theme import Theme

MOST_ZOOM: Final = 16.0
_STEP: Final = 1.25
_GAP: Final = 8
_GRIP: Final = 14


class ImageView(QWidget):
    """The wheel zooms where it points, dragging pans, a double click shows the whole picture again.

    ``pointed`` tells the pixel under the mouse, (-1, -1) outside.
    """

    zoomed = Signal(float)
    pointed = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._images = (QImage(), QImage(), QImage())
        self._gain = 1.0
        self._mode = "divider"
        self._attacked = True
        self._centre = QPointF(0.5, 0.5)
        self._grabbed: QPointF | None = None
        self._moves_divider = False
        self.divider = 0.5
        self.zoom = 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture before and after the perturbation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 140)
        theme.changed.connect(self.update)

    def show_images(
        self, clean: QImage, perturbed: QImage, residual: QImage, gain: float, *, attacked: bool = True
    ) -> None:
        """Show another picture; the residual is already amplified by ``gain``. The zoom stays where it is."""
        self._images = (clean, perturbed, residual)
        self._gain, self._attacked = gain, attacked
        words = f"Difference amplified {gain:g} times." if attacked else "No perturbation is added."
        self.setAccessibleDescription(words)
        self.update()

    def show_mode(self, mode: str) -> None:
        """``divider`` or ``beside``."""
        self._mode = mode
        self.update()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Magnify all views, 1 to 16; the place ``at`` (0 to 1 both ways) stays under the pointer."""
        zoom = min(max(zoom, 1.0), MOST_ZOOM)
        if zoom == self.zoom:
            return
        if at is not None:
            kept = 1 - self.zoom / zoom
            self._centre += QPointF((at.x() - self._centre.x()) * kept, (at.y() - self._centre.y()) * kept)
        self.zoom = zoom
        self._move_centre(QPointF(0, 0))
        self.zoomed.emit(zoom)

    def reset(self) -> None:
        """Show the whole picture."""
        self._centre = QPointF(0.5, 0.5)
        self.set_zoom(1.0)
        self.update()

    def pixel(self, x: int, y: int) -> tuple[tuple[int, int, int], tuple[int, int, int] | None]:
        """The values of a pixel, 0 to 255, clean and (if attacked) perturbed."""
        clean, perturbed = (_values(image, x, y) for image in self._images[:2])
        return clean, perturbed if self._attacked else None

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
        """Where the views lie: one for the divider or a clean picture, three side by side."""
        count = len(self._images) if self._mode == "beside" and self._attacked else 1
        # As many beside each other as make them largest; the rest goes below.
        return max((self._grid(count, across) for across in range(1, count + 1)), key=lambda found: found[0].width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the views and their captions."""
        if self._images[0].isNull():
            return
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        targets = self.targets()
        if not self._attacked:
            painter.drawImage(targets[0], self._images[0], self.source())
            self._paint_caption(painter, targets[0], "clean")
        elif self._mode == "divider":
            self._paint_divided(painter, targets[0])
        else:
            names = ("clean", "perturbed", f"×{self._gain:g} difference")
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
        near = abs(event.position().x() - self._divider_x()) < _GRIP
        self._moves_divider = self._divided() and (near or self.zoom == 1.0)
        if self._moves_divider:
            self._drag_divider(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the divider, pan, or read the pixel out."""
        self._point(event.position())
        if self._grabbed is None:
            return
        moved = event.position() - self._grabbed
        self._grabbed = event.position()
        if self._moves_divider:
            self._drag_divider(event.position())
        else:
            target = self.targets()[0]
            across, down = max(target.width(), 1) * self.zoom, max(target.height(), 1) * self.zoom
            self._move_centre(QPointF(-moved.x() / across, -moved.y() / down))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._grabbed = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Show the whole picture."""
        self.reset()

    def leaveEvent(self, event: QEvent) -> None:
        """No pixel is pointed at."""
        super().leaveEvent(event)
        self.pointed.emit(-1, -1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom where the pointer is."""
        place = self._place(event.position())
        self.set_zoom(self.zoom * (_STEP if event.angleDelta().y() > 0 else 1 / _STEP), place)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the divider or pan; plus, minus and 0 zoom."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        zooms = {Qt.Key.Key_Plus: self.zoom * _STEP, Qt.Key.Key_Equal: self.zoom * _STEP, Qt.Key.Key_0: 1.0}
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Minus or key in zooms:
            self.set_zoom(zooms.get(key, self.zoom / _STEP))
        elif key in steps:
            self._step(*steps[key])
        else:
            super().keyPressEvent(event)

    def _grid(self, count: int, across: int) -> tuple[QRectF, ...]:
        down, caption, image = -(-count // across), self._caption_height(), self._images[0]
        ratio = image.width() / image.height() if image.height() else 1.0
        room_across = (self.width() - (across - 1) * _GAP) / across
        room_down = (self.height() - (down - 1) * _GAP) / down - caption
        width = max(min(room_across, room_down * ratio), 1.0)
        left = (self.width() - across * width - (across - 1) * _GAP) / 2
        height = width / ratio
        top = max((self.height() - down * (height + caption) - (down - 1) * _GAP) / 2, 0)
        places = (divmod(number, across) for number in range(count))
        return tuple(
            QRectF(left + x * (width + _GAP), top + y * (height + caption + _GAP), width, height) for y, x in places
        )

    def _step(self, x: int, y: int) -> None:
        if self._divided() and self.zoom == 1.0 and x:
            self.divider = min(max(self.divider + 0.05 * x, 0.0), 1.0)
            self.update()
        else:
            self._move_centre(QPointF(0.1 * x / self.zoom, 0.1 * y / self.zoom))

    def _divided(self) -> bool:
        return self._mode == "divider" and self._attacked

    def _divider_x(self) -> float:
        target = self.targets()[0]
        return target.left() + self.divider * target.width()

    def _move_centre(self, by: QPointF) -> None:
        half = 0.5 / self.zoom
        x, y = self._centre.x() + by.x(), self._centre.y() + by.y()
        self._centre = QPointF(min(max(x, half), 1 - half), min(max(y, half), 1 - half))
        self.update()

    def _drag_divider(self, position: QPointF) -> None:
        target = self.targets()[0]
        self.divider = min(max((position.x() - target.left()) / max(target.width(), 1), 0.0), 1.0)
        self.update()

    def _place(self, position: QPointF) -> QPointF | None:
        """The place of the picture under a point of the widget, 0 to 1 both ways; None outside."""
        target = next((target for target in self.targets() if target.contains(position)), None)
        image = self._images[0]
        if target is None or image.isNull():
            return None
        source = self.source()
        x = source.left() + (position.x() - target.left()) / target.width() * source.width()
        y = source.top() + (position.y() - target.top()) / target.height() * source.height()
        return QPointF(x / image.width(), y / image.height())

    def _point(self, position: QPointF) -> None:
        place, image = self._place(position), self._images[0]
        if place is None:
            self.pointed.emit(-1, -1)
            return
        x, y = int(place.x() * image.width()), int(place.y() * image.height())
        self.pointed.emit(min(x, image.width() - 1), min(y, image.height() - 1))

    def _paint_divided(self, painter: QPainter, target: QRectF) -> None:
        x = self._divider_x()
        painter.drawImage(target, self._images[0], self.source())
        painter.save()
        painter.setClipRect(QRectF(x, target.top(), target.right() - x, target.height()))
        painter.drawImage(target, self._images[1], self.source())
        painter.restore()
        surface, ink = QColor(self._theme.tokens.surface), QColor(self._theme.tokens.ink)
        for colour, width in ((surface, 4.0), (ink, 1.5)):
            painter.setPen(QPen(colour, width))
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
        words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, int(side | Qt.AlignmentFlag.AlignTop), words)

    def _caption_height(self) -> int:
        return self._theme.pixels("caption") + 12


def _values(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    colour = image.pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()
