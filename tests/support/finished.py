"""One tiny audit, run once and looked at by many tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.tiny import write_inputs
from tests.support.worker_pipes import closed_pipes
from zepad_engine.audit import run_audit
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.messages import Event
from zepad_engine.plan import AuditPlan

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
    return _inputs(factory.getbasetemp())


def finished_run(factory: pytest.TempPathFactory) -> FinishedRun:
    return _finished(factory.getbasetemp())


@cache
def _inputs(root: Path) -> AuditPlan:
    return write_inputs(root / "tiny_inputs")


@cache
def _finished(root: Path) -> FinishedRun:
    events: list[Event] = []
    plan, folder = _inputs(root), root / "tiny_runs" / "straight"
    with closed_pipes():
        run_audit(plan, folder, events.append, lambda: False)
    return FinishedRun(plan, folder, tuple(events))


def without_times(folder: Path) -> Any:
    """A run's report as plain data, without what the clock and the folder's name decide."""
    return _stripped(json.loads((folder / "report.json").read_text()))


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if key not in _TIMES}
    return [_stripped(item) for item in value] if isinstance(value, list) else value
