"""One process of a contestant: loads and warms up, then does its work each time it is told to go.

``python -m tests.bench.contestant MODULE:FUNCTION SETTINGS PLACE``; answers are JSON lines.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_PERIOD = 0.02
_STATUS = Path("/proc/self/status")


def _no_quality() -> dict[str, float]:
    return {}


@dataclass(frozen=True)
class Work:
    """What a contestant does.

    Attributes:
        run: the work once; gives back how many items it did and the seconds to be counted.
        quality: what was reached, asked after the last round.
    """

    run: Callable[[], tuple[float, float]]
    quality: Callable[[], dict[str, float]] = field(default=_no_quality)


def timed(items: float, run: Callable[[], object]) -> Callable[[], tuple[float, float]]:
    """``run`` as the whole of the work, ``items`` of it."""

    def measured() -> tuple[float, float]:
        started = time.perf_counter()
        run()
        return items, time.perf_counter() - started

    return measured


def status_mib(status: Path, *names: str) -> dict[str, float]:
    """Entries of a process's status file in MiB; 0 where the system or the process has none."""
    try:
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(names)}
    return {name: found.get(name, 0.0) for name in names}


class _Watch:
    """The most anonymous memory seen; the system itself keeps the peak of resident memory only."""

    def __init__(self) -> None:
        self.peak_mib = 0.0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self.peak_mib = max(self.peak_mib, status_mib(_STATUS, "RssAnon")["RssAnon"])
            time.sleep(_PERIOD)


def main(arguments: list[str]) -> None:
    """Serve until stdin closes."""
    target, settings, place = arguments
    # Whatever a library prints must not reach the wire.
    wire = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    watch = _Watch()
    module, _, function = target.partition(":")
    work: Work = getattr(importlib.import_module(module), function)(json.loads(settings), int(place))
    wire.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        if line.strip() == "quality":
            wire.write(json.dumps(work.quality()) + "\n")
            continue
        items, seconds = work.run()
        resident = status_mib(_STATUS, "VmHWM")["VmHWM"]
        told = {"items": items, "seconds": seconds, "anonymous_mib": watch.peak_mib, "resident_mib": resident}
        wire.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
