"""Work on the window in small steps: one in each turn of the event loop, so that it never stands still."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer


class InTurn(QObject):
    """Runs steps one after the other; new steps drop those still waiting."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._on_turn)

    def start(self, steps: Iterable[Callable[[], object]]) -> None:
        """Do the first step now, the others in the turns that follow."""
        self._steps = deque(steps)
        self._on_turn()

    @property
    def settled(self) -> bool:
        """Whether nothing waits."""
        return not self._steps

    def settle(self) -> None:
        """Do everything that waits, now."""
        while self._steps:
            self._on_turn()

    def _on_turn(self) -> None:
        if self._steps:
            self._steps.popleft()()
        if self._steps:
            self._timer.start()
