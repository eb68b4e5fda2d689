"""Recent audits: what the runs folder holds, newest first, told from report.json or plan.json."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from zepad_engine.errors import AuditError
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan, Preset, plan_from_json

RunState: TypeAlias = Literal["finished", "can be resumed"]


class RecentRun(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the recent audits; ``thumbnail`` is a picture of a crafted perturbation, if there is one."""

    folder: Path
    name: str
    state: RunState
    verdict: str
    changed: float
    thumbnail: Path | None
    preset: str


class _Summary(msgspec.Struct):
    verdict: str


class _Subject(msgspec.Struct):
    name: str


class _PlanPart(msgspec.Struct):
    preset: Preset


class _Report(msgspec.Struct):
    """The few parts of report.json a row shows; reading only these keeps the drop page quick."""

    summary: _Summary
    subject: _Subject
    plan: _PlanPart
    timings: dict[str, float]


_reports = msgspec.json.Decoder(_Report)


def recent_runs(limit: int = 12) -> tuple[RecentRun, ...]:
    """The newest runs that can be opened or resumed."""
    try:
        folders = [place for place in runs_folder().iterdir() if place.is_dir()]
    except OSError:
        return ()
    folders.sort(key=_changed, reverse=True)
    runs: list[RecentRun] = []
    for folder in folders:
        run = _read_run(folder)
        if run is not None:
            runs.append(run)
        if len(runs) == limit:
            break
    return tuple(runs)


def last_timings(preset: Preset) -> float | None:
    """Wall seconds of the newest finished run of a preset, or None if there is none."""
    for run in recent_runs():
        if run.state == "finished" and run.preset == preset:
            report = _read_report(run.folder)
            return report.timings.get("wall") if report is not None else None
    return None


def new_run_folder(plan: AuditPlan) -> Path:
    """A name for the next run that no folder has yet: time and encoder."""
    name = Path(plan.encoder.removeprefix("sample:")).stem
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "encoder"
    first = runs_folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{plain}"
    place, count = first, 2
    while place.exists():
        place, count = first.with_name(f"{first.name}-{count}"), count + 1
    return place


def _changed(folder: Path) -> float:
    times = [0.0]
    for name in ("plan.json", "report.json"):
        with contextlib.suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return max(times)


def _read_run(folder: Path) -> RecentRun | None:
    report = _read_report(folder)
    plan = _read_plan(folder)
    if report is None and plan is None:
        return None
    name = report.subject.name if report else Path(plan.encoder.removeprefix("sample:")).stem if plan else ""
    return RecentRun(
        folder=folder,
        name=name,
        state="finished" if report else "can be resumed",
        verdict=report.summary.verdict if report else "",
        changed=_changed(folder),
        thumbnail=min(folder.glob("attacks/*.png"), default=None),
        preset=report.plan.preset if report else plan.preset if plan else "",
    )


def _read_report(folder: Path) -> _Report | None:
    try:
        return _reports.decode((folder / "report.json").read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def _read_plan(folder: Path) -> AuditPlan | None:
    try:
        return plan_from_json((folder / "plan.json").read_bytes())
    except (OSError, AuditError):
        return None
