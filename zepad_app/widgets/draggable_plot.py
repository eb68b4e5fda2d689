"""A plot on which one place can be moved: with the mouse anywhere on it, or with the arrow keys."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from zepad_app.theme import Theme
from zepad_app.widgets.figure_plot import FigurePlot

_FAR: Final = 10
_END: Final = 1_000_000


class DraggablePlot(FigurePlot):
    """Tells where the mouse goes while its button is down, and how many steps the keys ask for.

    ``grabbed`` begins a drag; ``dragged(x, y)`` is in the plot's units; ``stepped(n)`` counts steps, to the right
    positive.
    """

    grabbed = Signal()
    dragged = Signal(float, float)
    stepped = Signal(int)

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, title, parent)
        self._held = False
        self.plot.viewport().installEventFilter(self)
        self.plot.viewport().setCursor(Qt.CursorShape.SplitHCursor)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the left button on the plot itself."""
        if isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._held = True
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self.grabbed.emit()
                self._tell(event.position())
                return True
            if event.type() == QEvent.Type.MouseMove and self._held:
                self._tell(event.position())
                return True
            if event.type() == QEvent.Type.MouseButtonRelease and self._held:
                self._held = False
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go one step, with Shift or as page keys ten, Home and End to the ends."""
        many = _FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {
            Qt.Key.Key_Left: -many,
            Qt.Key.Key_Right: many,
            Qt.Key.Key_PageDown: -_FAR,
            Qt.Key.Key_PageUp: _FAR,
            Qt.Key.Key_Home: -_END,
            Qt.Key.Key_End: _END,
        }.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
            return
        self.stepped.emit(steps)

    def _tell(self, place: QPointF) -> None:
        box = self.plot.box
        point = box.mapSceneToView(self.plot.mapToScene(place.toPoint()))
        self.dragged.emit(float(point.x()), float(point.y()))
