"""A place in the window for a widget that joins it when nobody waits: in a later turn, or when the place is shown."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from zepad_app.theme import line


class LatePlace(QWidget):
    """Filled by ``inner``, below a hairline.

    To join a window is to be dressed by its style sheet: half the time of making a widget.
    """

    def __init__(self, inner: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inner = inner
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(line())

    def join(self) -> None:
        """Put the widget here, if it is not yet; the Tab key comes to it when it comes to the place."""
        if self.inner.parent() is self:
            return
        before = _reached_before(self)
        chain = _chain(self.inner)
        self._column.addWidget(self.inner)
        # Left to itself the layout shows it a turn later.
        self.inner.show()
        for first, second in pairwise((*before, *chain)):
            self.setTabOrder(first, second)

    def showEvent(self, event: QShowEvent) -> None:
        """Nobody sees the place without what belongs there."""
        self.join()
        super().showEvent(event)


def _chain(widget: QWidget) -> tuple[QWidget, ...]:
    """What in a widget takes the focus, in the order of the Tab key."""
    chain, following = [widget], widget.nextInFocusChain()
    while following is not None and following is not widget and widget.isAncestorOf(following):
        chain.append(following)
        following = following.nextInFocusChain()
    return tuple(link for link in chain if _takes_focus(link))


def _reached_before(place: QWidget) -> tuple[QWidget, ...]:
    """What takes the focus last before the Tab key comes to a place; nothing where the place is alone."""
    link = place.previousInFocusChain()
    while link is not None and link is not place:
        if _takes_focus(link):
            return (link,)
        link = link.previousInFocusChain()
    return ()


def _takes_focus(widget: QWidget) -> bool:
    # Of others Qt keeps no order.
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus
