"""A page under a fixed head: where the window is too low for both, the wheel first lifts the head out of sight."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from zepad_app.theme import Theme

_GIVING: Final = 0.85


class _Room(QWidget):
    """A body that asks for the height it needs, however much it would like: else the page scrolls without need.

    It gives way by a little where the head turns out higher than was reckoned.
    """

    def __init__(self, body: QWidget) -> None:
        super().__init__()
        self.needed = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(body)

    def sizeHint(self) -> QSize:
        """As high as is needed."""
        return QSize(super().sizeHint().width(), self.needed)

    def hasHeightForWidth(self) -> bool:
        """Whatever the width."""
        return False

    def need(self, height: int) -> None:
        """Ask for a height."""
        self.needed = height
        self.setMinimumHeight(round(_GIVING * height))
        self.updateGeometry()


class Lifting(QScrollArea):
    """``head`` above ``body``, which keeps a height one can work with."""

    def __init__(self, theme: Theme, head: QWidget, body: QWidget, least: int, parent: QWidget | None = None) -> None:
        """``least``: of the body, in pixels at the usual text size."""
        super().__init__(parent)
        self._theme = theme
        self._body = _Room(body)
        self._least = least
        self._sharing: list[QWidget] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self._body, 1)
        self.setWidget(page)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def bars(self) -> tuple[QScrollBar, ...]:
        """What of it wears the style sheet."""
        return self.verticalScrollBar(), self.horizontalScrollBar()

    def share_wheel(self, inner: QAbstractScrollArea) -> None:
        """What scrolls inside the body waits until the head is out of sight."""
        self._sharing.append(inner.viewport())
        inner.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down with the wheel: the head first."""
        if watched in self._sharing and isinstance(event, QWheelEvent) and event.angleDelta().y() < 0:
            bar = self.verticalScrollBar()
            if bar.value() < bar.maximum():
                self.wheelEvent(event)
                return True
        return super().eventFilter(watched, event)

    def _dress(self) -> None:
        self._body.need(round(self._least * self._theme.scale))
