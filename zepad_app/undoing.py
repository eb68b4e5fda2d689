"""Undo: a change of one value, and the stack that such changes are put on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

T = TypeVar("T")
# Qt joins commands of equal ids; -1 is its word for "never".
_NEVER = -1


class ValueChange(QUndoCommand):
    """One value changed; pushing it on a stack applies it.

    ``text`` says what changed ("budget"): the Edit menu shows "Undo budget". Changes with the same ``merge``, pushed
    one after the other, are undone as one: the keystrokes in a field, the drag of a line. ``apply`` sets the value
    wherever it lives and must not push again; ``UndoStack.change`` sees to that.
    """

    def __init__(self, text: str, apply: Callable[[T], object], before: T, after: T, merge: str = "") -> None:
        super().__init__(text)
        self._apply: Callable[[Any], object] = apply
        self._before: Any = before
        self._after: Any = after
        self._merge = merge

    def redo(self) -> None:
        """Apply the value after the change."""
        self._apply(self._after)

    def undo(self) -> None:
        """Apply the value before the change."""
        self._apply(self._before)

    def id(self) -> int:
        """What Qt compares before it asks ``mergeWith``."""
        return hash(self._merge) & 0x7FFFFFFF if self._merge else _NEVER

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a later change of the same value in; a value that came back to where it was leaves nothing to undo."""
        if not isinstance(other, ValueChange) or other._merge != self._merge:
            return False
        self._after = other._after
        self.setObsolete(self._before == self._after)
        return True


class UndoStack(QUndoStack):
    """The window's changes, oldest first; ``change`` is deaf to the echo that a control makes when it is set."""

    LONGEST = 200

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setUndoLimit(self.LONGEST)
        self._applying = False

    def change(self, text: str, apply: Callable[[T], object], before: T, after: T, merge: str = "") -> None:
        """Apply a change and remember it; nothing happens when nothing changes, or while another is being applied."""
        if self._applying or before == after:
            return

        def applied(value: T) -> None:
            self._applying = True
            try:
                apply(value)
            finally:
                self._applying = False

        self.push(ValueChange(text, applied, before, after, merge))
