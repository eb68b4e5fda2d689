"""``python -m tests.bench.window``: first paint, time until ready, gaps, memory while inspecting, events over the pipe.

Every figure is taken in processes of their own, on Qt's offscreen platform.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What a user should not notice: the target of the first paint in seconds, of the 99th of 100 gaps in ms.
PAINT_TARGET = 1.0
GAP_TARGET = 25.0
# Of the window's process in MB after half an hour of inspecting, a picture every 0.9 s; and what it may grow meanwhile.
MEMORY_TARGET, GROWTH_TARGET = 400.0, 20.0
INSPECTED = 2000
EVENTS = 40_000


def rows(rounds: int = 5, seconds: float = 25.0) -> list[dict[str, Any]]:
    """The window's rows, in the form of results.json; the gaps are measured once, for ``seconds`` each."""
    return [*_starting(rounds), *_gaps(seconds), *_inspecting(), *_events(rounds)]


def _starting(rounds: int) -> list[dict[str, Any]]:
    painted, ready, torch = [], [], []
    for _ in range(rounds):
        began = time.monotonic()
        moments = {line["what"]: line["at"] - began for line in _lines("start")}
        painted.append(moments["painted"])
        ready.append(moments["ready"])
        torch.append(_seconds_of_torch())
    return [
        _row("Process start to first paint", "s", painted, [PAINT_TARGET] * rounds, "target"),
        _row("Process start to engine ready", "s", ready, torch, "a bare `import torch`"),
    ]


def _seconds_of_torch() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch"], check=True, cwd=ROOT)
    return time.monotonic() - began


def _gaps(seconds: float) -> list[dict[str, Any]]:
    told = {line["what"]: line for line in _lines("gaps", str(seconds))}
    idle, busy = told["idle"]["gaps"], told["tuning"]["gaps"]
    note = (
        f"gaps between ticks of a 10 ms timer in the real window while both encoders of the standard preset are being "
        f"tuned, {len(busy):,} ticks, {sum(busy) / 1000:.0f} s, {sum(told['tuning']['steps'])} steps; "
        f"target {GAP_TARGET:g} ms at p99"
    )
    return [
        _row(f"Event-loop gap while tuning, {name}", "ms", [_at(busy, name)], [_at(idle, name)], "idle", note=note)
        for name in ("p50", "p99", "max")
    ]


def _inspecting() -> list[dict[str, Any]]:
    """Memory while pictures are inspected one after the other; the first quarter fills caches."""
    told = list(_lines("inspect", str(INSPECTED)))
    megabytes = [line["bytes"] / 1e6 for line in told if line["what"] == "inspected"]
    (gaps,) = (line for line in told if line["what"] == "gaps")
    note = (
        f"{INSPECTED:,} pictures shown one after the other, {gaps['judged']:,} questions answered by an engine in the "
        f"window's own process; {', '.join(f'{size:.0f}' for size in megabytes)} MB on the way"
    )
    return [
        _row("Memory of the window after inspecting", "MB", megabytes[-1:], [MEMORY_TARGET], "target", note=note),
        _row("Growth over its last 1,500 pictures", "MB", [megabytes[-1] - megabytes[2]], [GROWTH_TARGET], "target"),
        _row("Event-loop gap while inspecting, p99", "ms", [gaps["p99"]], [GAP_TARGET], "target"),
        _row("Event-loop gap while inspecting, max", "ms", [gaps["max"]], [100.0], "target"),
    ]


def _at(gaps: list[float], name: str) -> float:
    if name == "max":
        return max(gaps)
    return median(gaps) if name == "p50" else quantiles(gaps, n=100)[98]


def _events(rounds: int) -> list[dict[str, Any]]:
    ours, bare = [], []
    for _ in range(rounds):
        for found, what in ((ours, "take_in"), (bare, "take_in_bare")):
            (line,) = _lines(what, str(EVENTS))
            found.append((EVENTS - 1) / line["seconds"])
    name = "a bare loop with the standard library's json"
    return [_row("Events over the pipe", "1/s", ours, bare, name, lower_is_better=False)]


def _row(
    row: str,
    unit: str,
    ours: list[float],
    peer: list[float],
    peer_name: str,
    *,
    lower_is_better: bool = True,
    note: str = "",
) -> dict[str, Any]:
    pairs = zip(ours, peer, strict=True)
    # A growth may be none, or less.
    ratio = median(theirs / max(own, 1e-3) if lower_is_better else own / theirs for own, theirs in pairs)
    return {
        "row": row,
        "ours": _rounded(median(ours)),
        "peer": _rounded(median(peer)),
        "ratio": _rounded(ratio),
        "rounds": len(ours),
        "unit": unit,
        "peer_name": peer_name,
        "lower_is_better": lower_is_better,
        "per_round": {"ours": [_rounded(value) for value in ours], "peer": [_rounded(value) for value in peer]},
        "note": note,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _lines(*what: str) -> Iterator[dict[str, Any]]:
    """What a process of the benchmark tells, line by line, as it tells it."""
    with tempfile.TemporaryDirectory() as home:
        surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "ZEPAD_HOME": home}
        command = [sys.executable, "-m", "tests.bench.window_inside", *what]
        with subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from map(json.loads, process.stdout)
        if process.returncode:
            raise RuntimeError(f"tests.bench.window_inside {' '.join(what)} ended with {process.returncode}.")


def main() -> None:
    """Measure and print."""
    for row in rows():
        line = f"{row['row']:<36} {row['ours']:>9g} {row['unit']:<4} {row['peer_name']} {row['peer']:g}"
        sys.stdout.write(f"{line}; ratio {row['ratio']:g}, rounds {row['rounds']}\n")


if __name__ == "__main__":
    main()
