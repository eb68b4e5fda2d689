"""How long the window was deaf: the gaps between the ticks of a short timer while a story is told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from PySide6.QtCore import QObject, Qt, QTimer

TICK_MS = 5
# What a user should not notice, on a quiet machine; ``python -m tests.bench.window`` judges by them.
TARGET_P99_MS, TARGET_MAX_MS = 25.0, 100.0
# What no story may exceed even where other work takes the processors away: a window that hangs, not one that waits.
GROSS_MS = 10_000.0


class GapMeter(QObject):
    """Ticks from its making until ``stop``; a gap is the time between two ticks, in ms."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    @contextmanager
    def forgiving(self) -> Iterator[None]:
        """Leave out what the test itself does inside, such as taking a picture."""
        self._timer.stop()
        yield
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> dict[str, float]:
        """The ticks counted, the gaps' p50, p99 and largest in ms, and how many were over 100 ms."""
        self._timer.stop()
        gaps = self.gaps if len(self.gaps) > 1 else [0.0, 0.0]
        cuts = quantiles(gaps, n=100)
        return {
            "ticks": len(self.gaps),
            "p50": round(cuts[49], 1),
            "p99": round(cuts[98], 1),
            "max": round(max(gaps), 1),
            "over_100": sum(gap > TARGET_MAX_MS for gap in gaps),
        }

    def _on_tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now


def store(story: str, found: dict[str, float]) -> Path:
    """Keep a story's gaps in ``artefacts/gaps``, one file per story, so that several processes may write."""
    folder = Path(os.environ.get("ZEPAD_SHOTS", "artefacts/shots")).parent / "gaps"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{story}.json"
    targets = {"p99": TARGET_P99_MS, "max": TARGET_MAX_MS}
    path.write_text(json.dumps({"story": story, **found, "targets": targets}) + "\n")
    return path
