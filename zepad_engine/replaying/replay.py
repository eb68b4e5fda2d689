"""Run an audit again from its bundle, headless, and lay what comes out beside what the bundle says."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from zepad_engine.audit import engine_catalogue, run_audit
from zepad_engine.bundle.opening import open_bundle
from zepad_engine.comparing.unlike import unlike_places
from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport
from zepad_engine.jobs.graph import audit_jobs
from zepad_engine.jobs.job import Job, Outcome
from zepad_engine.jobs.pool import WorkerPool
from zepad_engine.messages import Event
from zepad_engine.plan import IMPORTED, AuditPlan, plan_from_json
from zepad_engine.replaying.staging import keep_all_but, located_plan
from zepad_engine.replaying.tensors import FileVerdict, file_verdicts
from zepad_engine.replaying.verdicts import Verdicted, verdicts
from zepad_engine.report_file import load_report
from zepad_engine.run_folder import RunFolder

# Which tables of numbers come from what a job found.
_TABLES: Final = {
    "cells": ("cells", "averages"),
    "worst": ("worst",),
    "adaptive": ("adaptive",),
    "branches": ("branches",),
    "detection": ("detection",),
    "false_alarms": ("false alarms",),
    "pairs": ("pairs",),
    "sweeps": ("sweeps",),
    "shifts": ("shifts", "correlations"),
    "retrieval": ("retrieval",),
    "attack": ("attacks",),
    "tuning": ("training",),
    "lights": ("trust",),
}
# Where and with what it was run is told, and is no number of the audit; a file's digest is not that of its copy.
_CIRCUMSTANCES: Final = ("environment", "execution")
_READ_FROM: Final = ("recipe", "source", "source_sha256", "remarks")
_PROVENANCE: Final = ("subject.sha256", "subject.card.sha256", "auxiliary.sha256")


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        stage: the one stage that was run again, or "".
        arithmetic: of the plan; in "exact" the same machine, versions and threads give the same bytes.
        circumstances: what differs of versions, machine and execution, as place, then and now.
        numbers, files: a verdict for each.
        unlike: places of the report that differ, times and circumstances left out; 0 = byte for byte the same.
    """

    run: str
    stage: str
    arithmetic: str
    circumstances: tuple[tuple[str, str, str], ...]
    numbers: tuple[Verdicted, ...]
    files: tuple[FileVerdict, ...]
    unlike: int

    @property
    def differs(self) -> bool:
        """A number or file is different or missing."""
        found = (*(each.verdict for each in self.numbers), *(file.verdict for file in self.files))
        return any(verdict in ("different", "missing") for verdict in found)


def replay(
    source: Path,
    folder: Path,
    *,
    sets: Mapping[str, str],
    stage: str,
    emit: Callable[[Event], None],
    cancelled: Callable[[], bool],
) -> Replay:
    """Run the audit in ``source``, a bundle or a run folder, again in the empty ``folder``.

    With ``stage`` only the jobs of that stage are run, on what the audit itself had made before them.

    Raises:
        BadInput: the source cannot be used, an image set is missing, or there is no such stage.
        Cancelled: the user stopped.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"The folder {folder.name} is not empty.", "Name a new folder after --out.")
    with tempfile.TemporaryDirectory(prefix="zepad-replay-") as place:
        opened = source if source.is_dir() else open_bundle(source, Path(place))[0]
        before = load_report(opened)
        plan = plan_from_json(RunFolder(opened).plan.read_bytes())
        if not source.is_dir():
            plan = located_plan(plan, opened, sets)
        return _replay(before, plan, opened, folder, stage, emit, cancelled)


def _replay(
    before: AuditReport,
    plan: AuditPlan,
    opened: Path,
    folder: Path,
    stage: str,
    emit: Callable[[Event], None],
    cancelled: Callable[[], bool],
) -> Replay:
    tables: set[str] | None = None
    if stage:
        jobs = _jobs(plan)
        keep_all_but(stage, jobs, opened, folder)
        tables = _tables_of(stage, jobs, opened)
    begun = time.time()
    run_audit(plan, folder, emit, cancelled)
    now = load_report(folder)
    differing = list(unlike_places("", *(_figures(report) for report in (before, now))))
    return Replay(
        run=before.run,
        stage=stage,
        arithmetic=plan.arithmetic,
        circumstances=_circumstances(before, now),
        numbers=tuple(verdicts(before, now, tables)),
        files=tuple(file_verdicts(opened, folder, begun if stage else 0.0)),
        unlike=sum(each.place not in _PROVENANCE for each in differing),
    )


def _jobs(plan: AuditPlan) -> tuple[Job, ...]:
    pool = WorkerPool()
    try:
        return audit_jobs(plan, engine_catalogue(pool))
    finally:
        pool.kill()


def _tables_of(stage: str, jobs: tuple[Job, ...], opened: Path) -> set[str]:
    found: set[str] = set()
    for job in jobs:
        path = RunFolder(opened).outcome(job.key)
        if job.stage == stage and path.exists():
            told = msgspec.json.decode(path.read_bytes(), type=Outcome).outcome
            found |= {table for field in told for table in _TABLES.get(field, ())}
    return found


def _figures(report: AuditReport) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(report)
    # A perturbation from elsewhere is read from the bundle's copy: from where, and what was done to it before, is told
    # by the audit alone.
    for attack in (attack for attack in told["attacks"] if attack["origin"] == "elsewhere"):
        attack.update(dict.fromkeys(_READ_FROM))
    for choice in (choice for choice in told["plan"]["attacks"] if choice["key"] == IMPORTED):
        choice["values"] = None
    return {name: value for name, value in told.items() if name not in _CIRCUMSTANCES}


def _circumstances(before: AuditReport, now: AuditReport) -> tuple[tuple[str, str, str], ...]:
    first, second = (
        {name: getattr(report, name) for name in _CIRCUMSTANCES} | {"tool": report.tool} for report in (before, now)
    )
    differing = unlike_places("", msgspec.to_builtins(first), msgspec.to_builtins(second))
    return tuple((each.place, each.first, each.second) for each in differing)
