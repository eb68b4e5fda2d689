"""Cards side by side, or one below the other where they would be too narrow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from zepad_app.tokens import BETWEEN


class Abreast(QWidget):
    """Side by side they share the width as ``shares`` says, equally if it does not."""

    def __init__(self, widgets: Sequence[QWidget], shares: Sequence[int] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets = tuple(widgets)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(BETWEEN)
        for widget, share in zip(self._widgets, shares or [1] * len(self._widgets), strict=True):
            self._box.addWidget(widget, share)

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest of them."""
        return QSize(self._widest(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the direction."""
        super().resizeEvent(event)
        needed = len(self._widgets) * (self._widest() + BETWEEN) - BETWEEN
        beside, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._box.setDirection(beside if self.width() >= needed else below)

    def _widest(self) -> int:
        return max(max(widget.minimumSizeHint().width(), widget.minimumWidth()) for widget in self._widgets)
