"""Long small work done between the window's other work, so that the window never waits for it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

_SLICE: Final = 0.008


class Slices(QObject):
    """Runs one generator, 8 ms at a time; ``done`` brings what it returned. A new one takes the place of the last."""

    done = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Generator[Any, None, Any] | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)

    def run(self, steps: Generator[Any, None, Any]) -> None:
        """Begin; the work before, if there is any, is given up."""
        self.cancel()
        self._steps = steps
        self._timer.start()

    def cancel(self) -> None:
        """Give up."""
        self._timer.stop()
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _go_on(self) -> None:
        until = time.monotonic() + _SLICE
        try:
            while self._steps is not None and time.monotonic() < until:
                next(self._steps)
        except StopIteration as end:
            self._timer.stop()
            self._steps = None
            self.done.emit(end.value)
