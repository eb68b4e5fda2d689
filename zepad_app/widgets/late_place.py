"""A place in the window for a widget that joins it when nobody waits: in a later turn, or when the place is shown."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget


class LatePlace(QWidget):
    """Filled by ``inner``. To join a window is to be dressed by its style sheet, half the time of making a widget."""

    def __init__(self, inner: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inner = inner
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def join(self) -> None:
        """Put the widget here, if it is not yet; the Tab key comes to it when it comes to the place."""
        if self.inner.parent() is self:
            return
        chain = _chain(self.inner)
        self._column.addWidget(self.inner)
        for before, after in pairwise((self, *chain)):
            self.setTabOrder(before, after)

    def showEvent(self, event: QShowEvent) -> None:
        """Nobody sees the place without what belongs there."""
        self.join()
        super().showEvent(event)


def _chain(widget: QWidget) -> tuple[QWidget, ...]:
    """A widget and what is in it, in the order of the Tab key."""
    chain, following = [widget], widget.nextInFocusChain()
    while following is not None and following is not widget and widget.isAncestorOf(following):
        chain.append(following)
        following = following.nextInFocusChain()
    return tuple(chain)
