"""Seconds per stage, written to the file as they are measured: a kill loses at most the part that was running."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from zepad_engine.storage import write_bytes

# Two OpenMP threads that share their cores with one busy process were seen to take fifty times as long.
_QUIET_CORES = 0.1


class Ledger:
    """What the audit has measured so far.

    Beside wall seconds stand this process's own CPU seconds, and how many cores others kept busy meanwhile: without
    the latter a slow stage on a shared machine would look like slow code. ``quiet_seconds`` puts, in the place of
    every part that was disturbed, the median of the undisturbed parts of its kind, which did the same work; a stage
    with a kind that was never undisturbed has none (null).
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self._path = path
        self._begun = time.monotonic()
        self._told: dict[str, Any] = {**about, "complete": False, "seconds": {}, "cpu_seconds": {}, "parts": []}

    def note(self, **facts: Any) -> None:
        """Store facts at the top level of the file."""
        self._told.update(facts)
        self._write()

    @contextlib.contextmanager
    def part(self, stage: str, what: str, kind: str = "") -> Iterator[None]:
        """Time one part of a stage and store the sums; parts of one kind do the same amount of work."""
        wall, own, busy = time.monotonic(), time.process_time(), _busy_seconds()
        yield
        wall, own, busy = time.monotonic() - wall, time.process_time() - own, _busy_seconds() - busy
        others = max(0.0, busy - own) / wall
        figures = {"seconds": wall, "cpu_seconds": own, "cores_busy_elsewhere": others}
        rounded = {name: round(figure, 3) for name, figure in figures.items()}
        self._told["parts"].append({"stage": stage, "part": what, "kind": kind or f"{stage}: {what}", **rounded})
        for name in ("seconds", "cpu_seconds"):
            self._told[name][stage] = round(self._told[name].get(stage, 0.0) + rounded[name], 3)
        self._write()
        sys.stdout.write(f"{stage:9} {what:40} {wall:9.1f} s  {own:9.1f} CPU s  {others:5.2f} cores elsewhere\n")
        sys.stdout.flush()

    def close(self, **facts: Any) -> None:
        """The last word: everything ran."""
        self.note(complete=True, **facts)

    def _quiet_seconds(self) -> dict[str, float | None]:
        calm: dict[str, list[float]] = defaultdict(list)
        for part in self._told["parts"]:
            if _is_quiet(part):
                calm[part["kind"]].append(part["seconds"])
        found: dict[str, float | None] = {}
        for part in self._told["parts"]:
            stage, alike = part["stage"], calm[part["kind"]]
            before = found.get(stage, 0.0)
            if before is None or not alike:
                found[stage] = None
            else:
                found[stage] = round(before + (part["seconds"] if _is_quiet(part) else median(alike)), 3)
        return found

    def _write(self) -> None:
        self._told["quiet_seconds"] = self._quiet_seconds()
        self._told["total_seconds"] = round(time.monotonic() - self._begun, 3)
        self._told["peak_rss_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        write_bytes(self._path, json.dumps(self._told, indent=1).encode())


def _is_quiet(part: dict[str, Any]) -> bool:
    # What takes under a second is of no account, and the clock ticks of the system are too coarse for it.
    return part["cores_busy_elsewhere"] < _QUIET_CORES or part["seconds"] < 1.0


def _busy_seconds() -> float:
    """Seconds all cores together have been busy since the machine started; 0 where the system does not tell."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, interrupts, soft, *stolen = (int(field) for field in fields)
    return (user + nice + system + interrupts + soft + sum(stolen[:1])) / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """Processor and cores."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"processor": models[0] if models else platform.processor(), "cores": os.cpu_count()}
