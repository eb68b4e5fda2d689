"""Whether one plan in exact arithmetic gives the same bytes every time: ``python -m tests.bench.repeating --times 10``.

The plan has every stage an audit can have, as small as it goes: a task, a crafted attack and an imported one, tuning,
the benign branch, attacks on two systems with their trust checks. Each run has processes and caches of its own
and an even or odd number of workers; compared is every file, of JSON all but what the clock and the number of workers
decide.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.support.tiny import SIDE, write_inputs
from zepad_engine.audit import run_audit
from zepad_engine.plan import Adaptive, AuditPlan, BenignTraining, Choice, HeadTraining, Tuning, imported_choice

# What may differ; the page holds the times of report.json.
_FREE = {"run", "created_utc", "timings", "seconds", "workers"}
_PAGES = {"report.html", "plan.json"}


def main() -> int:
    """Run it, compare each run with the first, tell how many files were equal in how many runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    times: int = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="zepad-repeating-") as place:
        return _compare(Path(place), times)


def _compare(place: Path, times: int) -> int:
    plan = every_stage(place / "inputs")
    first: dict[str, Any] = {}
    equal: Counter[str] = Counter()
    for number in range(times):
        began = time.monotonic()
        found = _contents(_run(plan, place / f"run{number}", number))
        first = first or found
        same = [name for name in first if found.get(name) == first[name]]
        equal.update(same)
        unlike = sorted({*first, *found} - set(same))
        said = f"{len(same)} of {len(first)} files equal to the first run's, {time.monotonic() - began:.0f} s"
        sys.stdout.write(f"run {number + 1}: {said}{'; unlike: ' + ', '.join(unlike) if unlike else ''}\n")
        sys.stdout.flush()
    whole = sum(count == times for count in equal.values())
    sys.stdout.write(f"{whole} of {len(first)} files the same in all {times} runs\n")
    return 0 if whole == len(first) else 1


def every_stage(folder: Path) -> AuditPlan:
    """A part of the tests' tiny plan in exact arithmetic, with attacks on systems, trust checks and an imported one."""
    plan = write_inputs(folder)
    np.save(folder / "uap.npy", np.random.default_rng(7).uniform(-0.05, 0.05, (3, SIDE, SIDE)).astype(np.float32))
    return msgspec.structs.replace(
        plan,
        arithmetic="exact",
        tasks=plan.tasks[1:],
        attacks=(plan.attacks[0], imported_choice(str(folder / "uap.npy"), plan.attacks)),
        tuning=Tuning(images=64, epochs=1, batch=16, steps=1, validation_images=16),
        benign=BenignTraining(images=64, epochs=1, batch=16),
        heads=HeadTraining(epochs=2, batch=32, train_images=64, test_images=40),
        adaptive=Adaptive(
            attacks=(Choice(key="pgd", values={"steps": 3}),),
            defences=("undefended", "zepad"),
            images=8,
            checked_images=6,
        ),
    )


def _run(plan: AuditPlan, folder: Path, number: int) -> Path:
    os.environ["ZEPAD_CACHE"] = str(folder.with_name(f"{folder.name}.cache"))
    staffed = msgspec.structs.replace(plan, workers=1 + number % 2)
    run_audit(staffed, folder, lambda _event: None, lambda: False)
    return folder


def _contents(folder: Path) -> dict[str, Any]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in _PAGES)
    return {path.relative_to(folder).as_posix(): _content(path) for path in files}


def _content(path: Path) -> Any:
    content = path.read_bytes()
    return _stripped(msgspec.json.decode(content)) if path.suffix == ".json" else content


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if key not in _FREE}
    return [_stripped(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
