"""Clocks that stand still while an audit is paused, so that a measured duration is one of work. Torch-free."""

from __future__ import annotations

import time


class WorkingTime:
    """Seconds since some fixed moment, less those spent paused; for one that pauses and one that reads."""

    def __init__(self) -> None:
        self._paused_for = 0.0
        self._paused_at: float | None = None

    def seconds(self) -> float:
        """The reading now; it does not move while paused."""
        return (self._paused_at if self._paused_at is not None else time.monotonic()) - self._paused_for

    def pause(self) -> None:
        """Stand still from now on."""
        if self._paused_at is None:
            self._paused_at = time.monotonic()

    def go_on(self) -> None:
        """Run again."""
        if self._paused_at is not None:
            self._paused_for += time.monotonic() - self._paused_at
            self._paused_at = None

    def leave_out(self, seconds: float) -> None:
        """Take out time that has passed without work."""
        self._paused_for += seconds


# The clock jobs measure themselves with; ``jobs/freezing.py`` takes out the time their worker was frozen.
WORKING = WorkingTime()
