"""One tiny audit, run once and looked at by many tests."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.support.tiny import write_inputs
from tests.support.worker_pipes import closed_pipes
from zepad_engine.audit import run_audit
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.messages import Event, decode_event, encode
from zepad_engine.plan import AuditPlan, plan_from_json, plan_to_json

# What may differ between two runs of one plan; everything else must not.
_TIMES = {"run", "created_utc", "timings", "seconds"}


@dataclass(frozen=True)
class FinishedRun:
    """A finished audit: its plan, its folder and everything it told while it ran."""

    plan: AuditPlan
    folder: Path
    events: tuple[Event, ...]

    @property
    def report(self) -> AuditReport:
        return report_from_json((self.folder / "report.json").read_bytes())


def tiny_inputs(factory: pytest.TempPathFactory) -> AuditPlan:
    return _inputs(_shared(factory))


def finished_run(factory: pytest.TempPathFactory) -> FinishedRun:
    plan = tiny_inputs(factory)
    folder = stored_once(factory, "straight", plan)
    events = (folder.parent / "straight.events").read_bytes().splitlines()
    return FinishedRun(plan, folder, tuple(decode_event(line) for line in events))


def stored_once(factory: pytest.TempPathFactory, name: str, plan: AuditPlan) -> Path:
    """The folder of the audit of a plan, run by the first who asks; nobody may change it."""
    return _stored(_shared(factory), name, plan_to_json(plan))


def _shared(factory: pytest.TempPathFactory) -> Path:
    """A folder of this session that the processes of pytest-xdist share."""
    root = factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root


@cache
def _inputs(root: Path) -> AuditPlan:
    with FileLock(root / "tiny.lock"):
        stored = root / "tiny_inputs" / "plan.json"
        if not stored.exists():
            stored.parent.mkdir()
            stored.write_bytes(plan_to_json(write_inputs(stored.parent)))
    return plan_from_json(stored.read_bytes())


@cache
def _stored(root: Path, name: str, plan: bytes) -> Path:
    folder, told = root / "tiny_runs" / name, root / "tiny_runs" / f"{name}.events"
    # A lock for each: who wants one that is there does not wait for another to be run.
    with FileLock(root / f"tiny_{name}.lock"):
        if not told.exists():
            events: list[Event] = []
            with closed_pipes():
                run_audit(plan_from_json(plan), folder, events.append, lambda: False)
            told.write_bytes(b"".join(encode(event) for event in events))
    return folder


def without_times(folder: Path) -> Any:
    """A run's report as plain data, without what the clock and the folder's name decide."""
    return _stripped(json.loads((folder / "report.json").read_text()))


def without_staff(folder: Path) -> Any:
    """The same without how many workers there were: under a window one core of more than two stays free."""
    report = without_times(folder)
    del report["execution"]["workers"]
    return report


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if key not in _TIMES}
    return [_stripped(item) for item in value] if isinstance(value, list) else value
