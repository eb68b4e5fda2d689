"""Controls in a row that wraps where it is too narrow for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.tokens import INSIDE


class FlowRow(QWidget):
    """Places its widgets at their preferred sizes, left to right and then below; the last one may keep right."""

    def __init__(
        self,
        widgets: Sequence[QWidget],
        *,
        last_right: bool = False,
        spacing: int = INSIDE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._widgets = tuple(widgets)
        self._last_right = last_right
        self._spacing = spacing
        for widget in self._widgets:
            widget.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        """A narrow row needs more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines."""
        return max((place.bottom() + 1 for place in self.places(width)), default=0)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [widget.sizeHint() for widget in self._widgets]
        width = sum(size.width() for size in sizes) + self._spacing * (len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSizeHint(self) -> QSize:
        """The widest of them."""
        widest = max((widget.sizeHint().width() for widget in self._widgets), default=0)
        return QSize(widest, self.heightForWidth(max(self.width(), widest)))

    def event(self, event: QEvent) -> bool:
        """A widget in it may have got larger, with the text."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
            self.updateGeometry()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place them anew; another number of lines asks for another height."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        for widget, place in zip(self._widgets, self.places(self.width()), strict=True):
            widget.setGeometry(place)
        if self.heightForWidth(self.width()) != self.height():
            self.updateGeometry()

    def places(self, width: int) -> tuple[QRect, ...]:
        """Where each widget lies in a row so wide."""
        lines: list[list[QRect]] = [[]]
        x = y = 0
        for size in (widget.sizeHint() for widget in self._widgets):
            if lines[-1] and x + size.width() > width:
                y += max(place.height() for place in lines[-1]) + self._spacing
                x = 0
                lines.append([])
            lines[-1].append(QRect(x, y, min(size.width(), max(width, 1)), size.height()))
            x += size.width() + self._spacing
        for line in lines:
            height = max((place.height() for place in line), default=0)
            for place in line:
                place.moveTop(place.top() + (height - place.height()) // 2)
        if self._last_right and lines[-1]:
            lines[-1][-1].moveRight(width - 1)
        return tuple(place for line in lines for place in line)
