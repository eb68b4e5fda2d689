"""What ran while the window was deaf: the window's thread looked at from another one, again and again."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
# Away so long, the loop is looked at; so often while it stays away.
AFTER_S: Final = 0.04
EVERY_S: Final = 0.008
COLLECTION_MS: Final = 5.0
_OURS: Final = ("zepad_app", "zepad_engine", "tests")
_DEPTH: Final = 7


class GapWitness:
    """Watches the thread that made it. Qt's own work shows as the line that called for it, or as ``event loop``."""

    def __init__(self) -> None:
        self._watched = threading.get_ident()
        self._since: float | None = None
        self._seen: Counter[str] = Counter()
        self._ended = threading.Event()
        self._collecting = 0.0
        gc.callbacks.append(self._on_collection)
        self._thread = threading.Thread(target=self._watch, name="gap witness", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """The loop has just been heard of; what was seen before belongs to the gap that ended."""
        self._since, self._seen = time.perf_counter(), Counter()

    def rest(self) -> None:
        """Look away until the next ``begin``."""
        self._since = None

    def seen(self) -> list[str]:
        """What ran in this gap, most often seen first: how often, then the innermost of our lines and its callers."""
        told = sorted(self._seen.items(), key=lambda each: (not each[0].startswith("garbage"), -each[1]))
        return [f"{times}x {where}" for where, times in told[:5]]

    def end(self) -> None:
        """Stop watching."""
        gc.callbacks.remove(self._on_collection)
        self._ended.set()
        self._thread.join()

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        if threading.get_ident() != self._watched:
            return
        if phase == "start":
            self._collecting = time.perf_counter()
        elif (took := 1000 * (time.perf_counter() - self._collecting)) > COLLECTION_MS:
            self._seen[f"garbage collection of generation {info['generation']}: {took:.0f} ms"] += 1

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_S):
            since, seen = self._since, self._seen
            if since is not None and time.perf_counter() - since > AFTER_S:
                seen[_words(sys._current_frames().get(self._watched))] += 1


def _words(frame: FrameType | None) -> str:
    """Our lines of a stack, innermost first; what stands between the test and the event loop is left out."""
    lines: list[str] = []
    inner = frame
    while frame is not None and len(lines) < _DEPTH:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in _OURS:
            lines.append(f"{path.stem}.{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    place = "" if inner is None else Path(inner.f_code.co_filename)
    prefix = "event loop < " if place and place.parts[-2:-1] == ("pytestqt",) else ""
    return prefix + " < ".join(lines)
