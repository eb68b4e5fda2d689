"""Does every job work on this device? A tiny audit that names every attack and defence, one job after another.

``python -m tests.bench.every_job --device cuda`` (minutes, on a GPU or a processor): a job that fails is told
with its last calls, those that need it are passed over, the others go on. What it finds are operations a device lacks
and tensors left on another one; its figures mean nothing. 1 where a job failed.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import msgspec

from zepad_engine.assembly import assemble
from zepad_engine.catalogue import Entry, FieldValue
from zepad_engine.describe import describe
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.jobs.job import Job, Order, Outcome
from zepad_engine.jobs.table import FUNCTIONS
from zepad_engine.plan import (
    Adaptive,
    AuditPlan,
    BenignTraining,
    Choice,
    HeadTraining,
    Purifying,
    Recrafting,
    Tuning,
)
from zepad_engine.run_folder import RunFolder

_FEW: dict[str, FieldValue] = {"steps": 3, "restarts": 1, "epochs": 1, "queries": 10, "batch": 32}
# Systems of every make: one encoder, several, a purifier before them, an attack inside the defence.
_ATTACKED = ("undefended", "zepad", "purifier", "counterattack", "tuned_ensemble", "gen_af")
_TOLD_CALLS = 4


def tiny_plan(device: str, arithmetic: str) -> AuditPlan:
    """Everything the catalogue has but imported files, at the smallest sizes that run."""
    catalogue = describe()
    plan = AuditPlan(
        tasks=("sample:signs",),
        attacks=tuple(_lean(entry) for entry in catalogue.attacks if entry.key != "imported"),
        defences=tuple(Choice(key=entry.key) for entry in catalogue.defences),
        tuning=Tuning(images=64, epochs=1, steps=2, validation_images=32),
        benign=BenignTraining(images=64, epochs=1),
        heads=HeadTraining(train_images=64, test_images=64, epochs=2),
        purifying=Purifying(images=64, epochs=1),
        adaptive=Adaptive(
            attacks=tuple(map(_lean, catalogue.adaptive)), images=8, checked_images=8, defences=_ATTACKED
        ),
        recrafting=Recrafting(budgets_255=(4.0,), steps=(2.0,), starts=2),
        device=device,
    )
    return msgspec.convert({**msgspec.to_builtins(plan), "arithmetic": arithmetic}, AuditPlan)


def _lean(entry: Entry) -> Choice:
    keys = {field.key for field in entry.fields}
    return Choice(key=entry.key, values={key: value for key, value in _FEW.items() if key in keys})


def in_turn(jobs: tuple[Job, ...]) -> Iterator[Job]:
    """The jobs, each after what it needs."""
    waiting, done = list(jobs), set[str]()
    while waiting:
        job = next(job for job in waiting if done.issuperset(job.needs))
        waiting.remove(job)
        done.add(job.key)
        yield job


def carry_out(plan: AuditPlan, folder: Path) -> list[str]:
    """Do every job in this process; gives back the keys of those that failed."""
    run, failed, lost = RunFolder(folder), [], set[str]()
    run.claim(plan)
    outcomes: dict[str, Outcome] = {}
    for job in in_turn(audit_jobs(plan, describe())):
        if lost.intersection(job.needs):
            lost.add(job.key)
            continue
        started = time.monotonic()
        context = Context(Order(job=job, plan=plan, folder=str(folder)), io.BytesIO())
        try:
            outcome = FUNCTIONS[job.kind](context)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            failed.append(job.key)
            lost.add(job.key)
            sys.stdout.write(f"{job.key} failed\n{traceback.format_exc(limit=-_TOLD_CALLS)}\n")
            continue
        seconds = time.monotonic() - started
        context.keep(outcome, seconds)
        outcomes[job.key] = Outcome(seconds=seconds, outcome=outcome)
    if not lost:
        assemble(plan, run, outcomes, {}, 1)
    sys.stdout.write(f"{len(outcomes)} jobs done, {len(failed)} failed, {len(lost) - len(failed)} passed over\n")
    return failed


def main(argv: list[str]) -> int:
    """Run them; 1 where one failed."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench.every_job", description=__doc__)
    wishes.add_argument("--device", default="auto")
    wishes.add_argument("--arithmetic", choices=("fast", "exact"), default="fast")
    wish = wishes.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        return int(bool(carry_out(tiny_plan(wish.device, wish.arithmetic), Path(folder))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
