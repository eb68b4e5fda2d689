"""Past audits: what the runs folder holds, and those opened from elsewhere; told from report.json or plan.json."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from zepad_app.estimate import PastAudit
from zepad_engine.errors import AuditError, NoSpace
from zepad_engine.places import runs_folder, settings_folder
from zepad_engine.plan import AuditPlan, Preset, plan_from_json
from zepad_engine.shown_names import shown_name
from zepad_engine.storage import replace_with

RunState: TypeAlias = Literal["finished", "running", "can be resumed", "missing"]

_MOST_REMEMBERED: Final = 200


class RecentRun(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the past audits; ``thumbnail`` is a picture of a crafted perturbation, if there is one.

    ``changed`` is in seconds since 1970; ``seed`` and ``epsilon_255`` are the plan's, None where it cannot be read.
    """

    folder: Path
    name: str
    state: RunState
    verdict: str
    changed: float
    thumbnail: Path | None
    preset: str
    seed: int | None = None
    epsilon_255: float | None = None


class _Summary(msgspec.Struct):
    verdict: str


class _Subject(msgspec.Struct):
    name: str


class _PlanPart(msgspec.Struct):
    preset: Preset
    seed: int = 0
    epsilon_255: float = 0.0


class _Report(msgspec.Struct):
    """The few parts of report.json a row shows; reading only these keeps the drop page quick."""

    summary: _Summary
    subject: _Subject
    plan: _PlanPart
    timings: dict[str, float]


class _Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A run opened from outside the runs folder, as it was last seen."""

    folder: str
    name: str
    verdict: str
    changed: float
    preset: str
    seed: int | None = None
    epsilon_255: float | None = None


_reports = msgspec.json.Decoder(_Report)
_remembered = msgspec.json.Decoder(tuple[_Remembered, ...])


def recent_runs(limit: int = 12) -> tuple[RecentRun, ...]:
    """The newest runs, those that are gone among them."""
    found: list[RecentRun] = []
    for run in runs_by_age():
        found.append(run)
        if len(found) == limit:
            break
    return tuple(found)


def runs_stamp() -> frozenset[tuple[Path, float]]:
    """What stands in the runs folder, and since when: differs as soon as a run came, went or ended."""
    return frozenset((folder, _changed(folder)) for folder in _folders())


def runs_by_age() -> Iterator[RecentRun]:
    """Every run that can be told, newest first, each read when it is asked for."""
    known = {Path(each.folder): each for each in _read_remembered()}
    places = {folder: _changed(folder) for folder in _folders()}
    places |= {folder: _changed(folder) or each.changed for folder, each in known.items()}
    for folder in sorted(places, key=lambda place: places[place], reverse=True):
        run = read_run(folder)
        if run is None and folder in known:
            run = _missing(known[folder])
        if run is not None:
            yield run


def read_run(folder: Path) -> RecentRun | None:
    """What a folder holds; None where it is no run."""
    report = _read_report(folder)
    if report is not None:
        name, verdict, plan = report.subject.name, report.summary.verdict, report.plan
    else:
        stored = _read_plan(folder)
        if stored is None:
            return None
        name, verdict = Path(stored.encoder.removeprefix("sample:")).stem, ""
        plan = _PlanPart(preset=stored.preset, seed=stored.seed, epsilon_255=stored.epsilon_255)
    return RecentRun(
        folder=folder,
        name=shown_name(name),
        state="finished" if report else "can be resumed",
        verdict=verdict,
        changed=_changed(folder),
        thumbnail=min(folder.glob("attacks/*.png"), default=None),
        preset=plan.preset,
        seed=plan.seed,
        epsilon_255=plan.epsilon_255,
    )


def remember_run(folder: Path) -> None:
    """Keep a run opened from outside the runs folder among the past audits, also after it has gone."""
    folder = folder.absolute()
    run = read_run(folder) if folder.parent != runs_folder().absolute() else None
    if run is not None:
        told = _Remembered(
            folder=str(folder),
            name=run.name,
            verdict=run.verdict,
            changed=run.changed,
            preset=run.preset,
            seed=run.seed,
            epsilon_255=run.epsilon_255,
        )
        _write_remembered((told, *(each for each in _read_remembered() if each.folder != told.folder)))


def forget_run(folder: Path) -> None:
    """List a run from elsewhere no more; its files stay."""
    kept = tuple(each for each in _read_remembered() if each.folder != str(folder.absolute()))
    _write_remembered(kept)


def last_audit() -> PastAudit | None:
    """The newest finished audit with its plan and what its stages took, or None."""
    for run in recent_runs():
        report, plan = _read_report(run.folder), _read_plan(run.folder)
        if report is not None and plan is not None:
            return PastAudit(plan=plan, timings=report.timings, changed=run.changed)
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


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, links not followed; what cannot be read counts nothing."""
    total = 0
    with contextlib.suppress(OSError):
        for place in folder.rglob("*"):
            with contextlib.suppress(OSError):
                total += place.lstat().st_size if not place.is_dir() else 0
    return total


def _folders() -> list[Path]:
    try:
        return [place for place in runs_folder().iterdir() if place.is_dir()]
    except OSError:
        return []


def _missing(known: _Remembered) -> RecentRun:
    return RecentRun(
        folder=Path(known.folder),
        name=known.name,
        state="missing",
        verdict=known.verdict,
        changed=known.changed,
        thumbnail=None,
        preset=known.preset,
        seed=known.seed,
        epsilon_255=known.epsilon_255,
    )


def _store() -> Path:
    return settings_folder() / "opened-runs.json"


def _read_remembered() -> tuple[_Remembered, ...]:
    try:
        return _remembered.decode(_store().read_bytes())
    except (OSError, msgspec.MsgspecError):
        return ()


def _write_remembered(runs: tuple[_Remembered, ...]) -> None:
    # A list of what was opened is a comfort: where it cannot be kept, nothing else suffers.
    # Nor is the disk waited for, as `write_bytes` does: the window does this while a report comes up.
    content = msgspec.json.encode(runs[:_MOST_REMEMBERED])
    with contextlib.suppress(NoSpace):
        replace_with(_store(), partial(_fill, content))


def _fill(content: bytes, place: Path) -> None:
    place.write_bytes(content)


def _changed(folder: Path) -> float:
    times = [0.0]
    for name in ("plan.json", "report.json"):
        with contextlib.suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return max(times)


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
