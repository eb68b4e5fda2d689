"""How long the window was deaf: the gaps between the ticks of a short timer while a story is told.

A gap has three figures. *Wall* is what a user waits. *Queued* is how much of it the window's thread stood ready while
the machine ran something else on every core (Linux's ``schedstat``; elsewhere 0). *Own* is wall less queued: the
window's computing, its waiting for disks, locks and other threads. Other work on the machine cannot lengthen it by
taking the processors away, only by slowing them, so *own* is what the window is judged by.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer

from tests.support.gap_witness import GapWitness

TICK_MS = 5
# What a user should not notice; ``python -m tests.bench.window`` judges by them, and ``.ci/gaps.py`` prints them.
TARGET_P99_MS, TARGET_MAX_MS = 25.0, 100.0
# What no story may exceed even on a machine with other work: computing in one turn, which that only slows down, and
# a window that hangs.
MOST_COMPUTING_MS, GROSS_MS = 500.0, 10_000.0
# Of longer ones is kept what ran.
TELLING_MS = 60.0


class Gap(NamedTuple):
    """One gap, in ms; ``cpu`` is the window's thread's own computing in it."""

    wall: float
    own: float
    cpu: float


class _Clock:
    """Three clocks of the thread that made it, in ms: the wall's, the run queue's, the processor's."""

    def __init__(self) -> None:
        self._scheduling = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._told = self._scheduling.is_file()

    def now(self) -> tuple[float, float, float]:
        queued = int(self._scheduling.read_bytes().split()[1]) / 1e6 if self._told else 0.0
        return 1000 * time.perf_counter(), queued, 1000 * time.thread_time()


class GapMeter(QObject):
    """Ticks from its making until ``stop``; a gap is the time between two ticks."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gaps: list[Gap] = []
        self.told: list[dict[str, Any]] = []
        self._clock = _Clock()
        self._began = self._last = self._clock.now()
        self._witness = GapWitness()
        self._witness.begin()
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    @contextmanager
    def forgiving(self) -> Iterator[None]:
        """Leave out what the test itself does inside, such as taking a picture."""
        self.rest()
        yield
        self._last = self._clock.now()
        self._witness.begin()
        self._timer.start()

    def rest(self) -> None:
        """Count nothing from now on."""
        self._timer.stop()
        self._witness.rest()

    def stop(self) -> dict[str, Any]:
        """Of wall and own time the p99, the largest (ms) and how many were over 100 ms; what ran in the longest.

        ``cpu_max`` is the most the window's thread computed in one gap, in ms of processor time.
        """
        self._timer.stop()
        self._witness.end()
        gaps = self.gaps if len(self.gaps) > 1 else [Gap(0.0, 0.0, 0.0)] * 2
        wall, own = [gap.wall for gap in gaps], [gap.own for gap in gaps]
        return {
            "ticks": len(self.gaps),
            "p50": _percentile(wall, 50),
            "p99": _percentile(wall, 99),
            "max": round(max(wall), 1),
            "over_100": sum(gap > TARGET_MAX_MS for gap in wall),
            "own_p99": _percentile(own, 99),
            "own_max": round(max(own), 1),
            "cpu_max": round(max(gap.cpu for gap in gaps), 1),
            "own_over_100": sum(gap > TARGET_MAX_MS for gap in own),
            "told": sorted(self.told, key=lambda told: -told["own"])[:12],
        }

    def _on_tick(self) -> None:
        now = self._clock.now()
        wall, queued, cpu = (after - before for before, after in zip(self._last, now, strict=True))
        gap = Gap(wall, max(0.0, wall - queued), cpu)
        self.gaps.append(gap)
        if wall > TELLING_MS:
            at = (now[0] - self._began[0]) / 1000
            figures = {key: round(value, 1) for key, value in gap._asdict().items()}
            self.told.append({"at": round(at, 1), **figures, "ran": self._witness.seen()})
        self._last = now
        self._witness.begin()


def _percentile(gaps: list[float], share: int) -> float:
    # Of few ticks the exclusive method would draw the line on beyond the largest gap.
    return round(quantiles(gaps, n=100, method="inclusive")[share - 1], 1)


def store(story: str, found: dict[str, Any]) -> Path:
    """Keep a story's gaps in ``artefacts/gaps``, one file per story, so that several processes may write."""
    folder = Path(os.environ.get("ZEPAD_SHOTS", "artefacts/shots")).parent / "gaps"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{story}.json"
    targets = {"p99": TARGET_P99_MS, "max": TARGET_MAX_MS}
    path.write_text(json.dumps({"story": story, **found, "targets": targets}) + "\n")
    return path
