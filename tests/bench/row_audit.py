"""Row 6: the whole quick sample audit, its memory, and its share of the machine's floor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.contest import Side, hold
from tests.bench.contestant import status_mib
from zepad_engine.capacity import usable_cores
from zepad_engine.describe import describe
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.plan import AuditPlan, BenignTraining, Choice, HeadTraining, Tuning, plan_to_json
from zepad_engine.presets import with_preset

_PERIOD = 0.1
_PEAK_ROUNDS = 5
_ALL_BRANCHES = 6
_ROW = "Quick sample audit"


@dataclass
class _Memory:
    """Peaks of anonymous memory in MiB, looked at ten times a second."""

    director: float = 0.0
    largest_worker: float = 0.0
    together: float = 0.0

    def look(self, director: int) -> None:
        """Add what director and workers hold now."""
        own = _anonymous(director)
        workers = [_anonymous(pid) for pid in _children(director)]
        self.director = max(self.director, own)
        self.largest_worker = max(self.largest_worker, *workers, 0.0)
        self.together = max(self.together, own + sum(workers))


def rows(*, small: bool, release: Path | None) -> list[dict[str, Any]]:
    """One audit in an empty home, so that no cache helps; against the release's way and against the floor."""
    report, seconds, memory = _audit(small=small)
    shared = {
        "rounds": 1,
        "unit": "s",
        "ours_name": "ours, fast",
        "memory_mib": {
            "director": round(memory.director),
            "largest worker": round(memory.largest_worker),
            "all processes": round(memory.together),
        },
        "seconds_per_stage": report.timings,
        "workers": report.execution.workers if report.execution else 0,
    }
    found = [_against_floor(report, seconds, shared)]
    if release is not None:
        found.insert(0, _against_release(json.loads(release.read_bytes()), seconds, shared))
    return found


def _audit(*, small: bool) -> tuple[AuditReport, float, _Memory]:
    with tempfile.TemporaryDirectory() as home:
        folder, plan = Path(home) / "run", Path(home) / "plan.json"
        plan.write_bytes(plan_to_json(_tiny() if small else with_preset(AuditPlan(device="cpu"), "quick", describe())))
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.director", str(plan), str(folder)],
            env={**os.environ, "ZEPAD_HOME": home},
            stdout=subprocess.DEVNULL,
        )
        memory, ended = _Memory(), threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, memory, ended))
        watch.start()
        code = process.wait()
        seconds = time.perf_counter() - started
        ended.set()
        watch.join()
        if code:
            raise RuntimeError(f"The audit ended with {code}.")
        return report_from_json((folder / "report.json").read_bytes()), seconds, memory


def _tiny() -> AuditPlan:
    """A plan with hardly any work, to show that the row runs."""
    return AuditPlan(
        device="cpu",
        tasks=("sample:satellite",),
        attacks=(
            Choice(key="advencoder_per", values={"steps": 2, "batch": 16, "latents": 4}),
            Choice(key="l4a_base", values={"steps": 4}),
        ),
        tuning=Tuning(images=64, epochs=1, validation_images=32),
        benign=BenignTraining(images=64, epochs=1),
        heads=HeadTraining(epochs=1, train_images=64, test_images=64),
        surrogate_images=64,
    )


def _watch(director: int, memory: _Memory, ended: threading.Event) -> None:
    while not ended.wait(_PERIOD):
        memory.look(director)


def _anonymous(pid: int) -> float:
    return status_mib(Path(f"/proc/{pid}/status"), "RssAnon")["RssAnon"]


def _children(parent: int) -> list[int]:
    """Direct children, of whichever thread started them."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            found += [int(pid) for pid in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return found


def release_seconds(told: dict[str, Any]) -> tuple[float, str]:
    """Seconds of an audit run the release's way, and what was put in for what is missing.

    Stages that others disturbed count with their quiet seconds where those are known; heads that were measured for
    some branches only are told for all six.
    """
    quiet = {stage: seconds for stage, seconds in told.get("quiet_seconds", {}).items() if seconds is not None}
    stages = {**told["seconds"], **quiet}
    notes = []
    disturbed = sorted(set(told["seconds"]) - set(quiet))
    if disturbed and quiet:
        notes.append(f"disturbed by others: {', '.join(disturbed)}")
    branches = len(told.get("branches", ())) or _ALL_BRANCHES
    if branches < _ALL_BRANCHES and "heads" in stages:
        stages["heads"] *= _ALL_BRANCHES / branches
        notes.append(f"heads measured for {branches} of {_ALL_BRANCHES} branches, told for all")
    if not told.get("complete", False):
        notes.append("not run to its end")
    return sum(stages.values()), "; ".join(notes)


def _against_release(told: dict[str, Any], seconds: float, shared: dict[str, Any]) -> dict[str, Any]:
    theirs, note = release_seconds(told)
    return {
        "row": _ROW,
        "ours": round(seconds, 1),
        "peer": round(theirs, 1),
        "ratio": round(theirs / seconds, 2),
        **shared,
        "peer_name": "the same audit written the release's way",
        "peer_memory_mib": told.get("peak_rss_mib"),
        "peer_seconds_per_stage": told["seconds"],
        "note": note,
    }


def _against_floor(report: AuditReport, seconds: float, shared: dict[str, Any]) -> dict[str, Any]:
    """What the arithmetic alone would take at the machine's peak."""
    cores = usable_cores()
    peaks = hold(
        [
            Side(name=kind, make="tests.bench.floor:peak", settings={"kind": kind}, processes=cores, threads=1)
            for kind in ("bfloat16", "float32")
        ],
        _PEAK_ROUNDS,
    )
    # The best round, not the median: a peak is what the machine can do.
    speed = {kind: max(result.figures()) for kind, result in zip(("bfloat16", "float32"), peaks, strict=True)}
    plan = json.loads(plan_to_json(report.plan))
    (counted,) = hold([Side(name="count", make="tests.bench.floor:count", settings=plan, threads=1)], 1)
    rounded, exact = counted.quality["rounded"], counted.quality["float32"]
    floor = rounded / speed["bfloat16"] + exact / speed["float32"]
    return {
        "row": f"{_ROW} against the floor",
        "ours": round(seconds, 1),
        "peer": round(floor, 1),
        "ratio": round(floor / seconds, 3),
        **shared,
        "peer_name": "its convolutions at the machine's measured peak",
        "peak_gflops": {kind: round(value, 1) for kind, value in speed.items()},
        "gflop": {kind: round(value, 1) for kind, value in counted.quality.items()},
        "note": f"{100 * floor / seconds:.0f} % of the time is arithmetic that no engine could leave out",
    }
