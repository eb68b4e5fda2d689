"""Progress of an audit on a terminal: a bar with stage and time left, or plain lines where there is no terminal."""

from __future__ import annotations

import math
import shutil
import time
from typing import TextIO

from zepad_engine.messages import Event, Found, Progressed, Started

_WIDTH = 24
_SECONDS_BETWEEN_LINES = 15.0


class TerminalProgress:
    """Takes the events of an audit; several stages may run at the same time, the bar is that of the whole.

    A terminal gets one line, drawn ten times a second at most. Elsewhere a line is written when a stage begins or
    ends, and every quarter of a minute.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._blocks = "█░" if (stream.encoding or "").lower().startswith("utf") else "#-"
        self._names: dict[str, str] = {}
        self._running: dict[str, str] = {}
        self._ended: set[str] = set()
        self._drawn = -math.inf
        self._open = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._names = {stage.key: stage.name for stage in event.stages}
        elif isinstance(event, Progressed):
            self._show(event, turned=self._turn(event))
        elif isinstance(event, Found) and not self._live:
            self._stream.write(f"stored {len(event.cells)} results\n")

    def end(self) -> None:
        """Leave the bar's line, so that what follows starts on a new one."""
        if self._open:
            self._stream.write("\n")
            self._open = False
        self._stream.flush()

    def _turn(self, event: Progressed) -> bool:
        """Take note of a stage; whether it has just begun or ended."""
        if event.done >= 1:
            turned = event.stage not in self._ended
            self._ended.add(event.stage)
            self._running.pop(event.stage, None)
            return turned
        if event.done <= 0 and not event.note:
            return False
        turned = event.stage not in self._running
        self._running[event.stage] = event.note
        return turned

    def _show(self, event: Progressed, *, turned: bool) -> None:
        now = time.monotonic()
        due = now - self._drawn >= (0.1 if self._live else _SECONDS_BETWEEN_LINES)
        if not due and (self._live or not turned):
            return
        self._drawn = now
        if self._live:
            # \x1b[K clears what a longer line left behind.
            self._stream.write(f"\r{self._line(event)}\x1b[K")
            self._open = True
        else:
            self._stream.write(f"{self._line(event)}\n")
        self._stream.flush()

    def _line(self, event: Progressed) -> str:
        whole = min(max(event.whole, 0.0), 1.0)
        full = round(_WIDTH * whole)
        bar = f"{self._blocks[0] * full}{self._blocks[1] * (_WIDTH - full)} " if self._live else ""
        left = "" if event.remaining is None else f", {clock(event.remaining)} left"
        before, doing = f"{bar}{100 * whole:3.0f} %  ", self._doing(event)
        # A line that wraps is no longer one that can be written over.
        room = shutil.get_terminal_size().columns - 1 - len(before) - len(left)
        if self._live and len(doing) > room:
            doing = f"{doing[: max(0, room - 3)]}..."
        return f"{before}{doing}{left}"

    def _doing(self, event: Progressed) -> str:
        if event.done >= 1 and not self._live:
            return f"{self._name(event.stage)}: done"
        if len(self._running) == 1:
            ((stage, note),) = self._running.items()
            return self._name(stage) + (f" ({note})" if note else "")
        return " + ".join(map(self._name, self._running)) or self._name(event.stage)

    def _name(self, stage: str) -> str:
        return self._names.get(stage, stage)


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where needed: ``1:05``, ``2:03:00``."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
