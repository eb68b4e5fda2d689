"""The style sheet on the parts of windows: on what is in sight at once, on the rest in turns or when it is shown."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from zepad_app.results.in_turn import InTurn


class Dressing(QObject):
    """Qt dresses all that is in a widget in one go; so no part may be large, and none may lie in another."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sheet = ""
        self._parts: list[QWidget] = []
        self.turns = InTurn(self)

    def add(self, part: QWidget, sheet: str) -> None:
        """Dress a part, now and whenever the sheet changes."""
        self._sheet = sheet
        self._parts = [known for known in self._parts if isValid(known)]
        self._parts.append(part)
        part.setStyleSheet(sheet)

    def change(self, sheet: str) -> None:
        """Dress all parts anew; nobody sees one in the old sheet."""
        self._sheet = sheet
        self._parts = [part for part in self._parts if isValid(part)]
        late = [part for part in self._parts if _may_wait(part)]
        for part in self._parts:
            if part in late:
                part.installEventFilter(self)
            else:
                self._dress(part)
        self.turns.start((lambda: None, *(partial(self._dress, part) for part in late)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What waits is dressed before it is seen."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            self._dress(watched)
        return False

    def _dress(self, part: QWidget) -> None:
        if isValid(part):
            part.removeEventFilter(self)
            if part.styleSheet() != self._sheet:
                part.setStyleSheet(self._sheet)


def _may_wait(part: QWidget) -> bool:
    """Whether a part is out of sight in a window that is in sight."""
    return not part.isVisible() and not part.isWindow() and part.window().isVisible()
