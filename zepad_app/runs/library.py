"""Past audits read one after another between the window's events, so that a thousand of them never stop it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from zepad_app.history import RecentRun, runs_by_age, size_of

# A frame at 60 Hz leaves 16 ms; half of it is ours.
_BUDGET: Final = 0.008


class RunLibrary(QObject):
    """Reads the runs anew on `refresh`: ``found`` gives each, newest first, then ``measured`` its size in bytes."""

    began = Signal()
    found = Signal(object)
    measured = Signal(object, object)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)

    @property
    def busy(self) -> bool:
        """Whether there is still something to read."""
        return self._steps is not None

    def refresh(self) -> None:
        """Read the runs again from the beginning."""
        self._steps = self._reading()
        self.began.emit()
        # What fits one frame is there at once, so that a page of a few runs does not flicker.
        self._work()
        if self.busy:
            self._timer.start()

    def _work(self) -> None:
        until = time.monotonic() + _BUDGET
        while self._steps is not None and time.monotonic() < until:
            if next(self._steps, self) is self:
                self._steps = None
                self._timer.stop()
                self.ended.emit()

    def _reading(self) -> Iterator[None]:
        runs: list[RecentRun] = []
        for run in runs_by_age():
            runs.append(run)
            self.found.emit(run)
            yield
        for run in runs:
            if run.state != "missing":
                self.measured.emit(run.folder, size_of(run.folder))
                yield
