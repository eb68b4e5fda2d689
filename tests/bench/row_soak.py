"""Rows of half an hour of inspecting: memory of the window and of its engine at the end, and what they grew a minute.

What is measured is told by ``tests/bench/soak.py``, in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.row_growth import slope_of
from tests.bench.row_inspecting import audited

ROOT = Path(__file__).resolve().parents[2]
# Of the window, in MB; and what either may grow a minute once every cache has been filled.
WINDOW_TARGET, GROWTH_TARGET = 400.0, 0.5


def rows(*, small: bool) -> list[dict[str, Any]]:
    """Inspect a tiny audit of the sample for half an hour."""
    with tempfile.TemporaryDirectory() as place:
        run = audited(Path(place) / "run")
        surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "ZEPAD_HOME": str(Path(place) / "home")}
        times = ("--minutes", "0.5", "--every", "0.1") if small else ()
        command = [sys.executable, "-m", "tests.bench.soak", str(run), *times]
        told = subprocess.run(command, check=True, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True).stdout
    return rows_of([json.loads(line) for line in told.splitlines()])


def rows_of(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of what a soak has told; growth counts from its second line on, for the first minutes fill caches."""
    last, later = told[-1], told[1:]
    done = ", ".join(f"{count:,} {what}" for what, count in last["done"].items())
    minutes = [line["minutes"] for line in later]
    found = []
    for key, name, target in (("window", "the window", WINDOW_TARGET), ("engine", "its engine", None)):
        sizes = [line[key] for line in told]
        way = ", ".join(f"{size:.0f}" for size in sizes)
        note = f"{last['minutes']:.0f} minutes, {done}; {way} MB on the way"
        found.append(_row(f"Memory of {name} after half an hour of inspecting", "MB", sizes[-1], target, note))
        growth = slope_of(minutes, sizes[1:])
        found.append(_row(f"Growth of {name} while inspecting", "MB/min", growth, GROWTH_TARGET, ""))
    return found


def _row(row: str, unit: str, value: float, target: float | None, note: str) -> dict[str, Any]:
    value = float(f"{value:.4g}")
    peer = value if target is None else target
    return {
        "row": row,
        "ours": value,
        "peer": peer,
        # Memory may shrink.
        "ratio": float(f"{peer / max(value, 1e-3):.4g}"),
        "rounds": 1,
        "unit": unit,
        "peer_name": "no target" if target is None else "target",
        "lower_is_better": True,
        "note": note,
    }
