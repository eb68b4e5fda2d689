"""Prepare the folder in which an opened bundle is run again: its plan with files that are here, and what is kept."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from zepad_engine.card import Overrides
from zepad_engine.errors import BadInput
from zepad_engine.jobs.job import Job
from zepad_engine.plan import IMPORTED, NAMED_PREFIX, SAMPLE_PREFIX, AuditPlan, Choice, set_name, set_place
from zepad_engine.run_folder import RunFolder


def located_plan(plan: AuditPlan, opened: Path, sets: Mapping[str, str]) -> AuditPlan:
    """The plan of a bundle with its encoders taken from the ``opened`` run, its image sets from where ``sets`` says.

    A set keeps the name it had, so that files and figures keep theirs. ``sets`` may name it as the bundle does, or by
    the last part of its path.

    Raises:
        BadInput: an image set is not bundled with ZePAD and ``sets`` does not say where it is.
    """
    named = {plan.local_set, plan.surrogate_set, *plan.tasks}
    places = {key: _located(key, sets) for key in named}
    missing = sorted(_shown(key) for key, place in places.items() if place is None)
    if missing:
        raise BadInput(
            f"The image sets of this audit are not in the bundle: {', '.join(missing)}.",
            "Say where they are, for example: --set " + " ".join(f"{name}=PATH" for name in missing),
            code="replay.sets",
        )
    run = RunFolder(opened)
    encoder, auxiliary = (_encoder(key, run.encoder(branch)) for key, branch in _encoders(plan))
    return msgspec.structs.replace(
        plan,
        encoder=encoder,
        auxiliary=auxiliary,
        encoder_says=plan.encoder_says if encoder == plan.encoder else Overrides(),
        auxiliary_says=plan.auxiliary_says if auxiliary == plan.auxiliary else Overrides(),
        local_set=places[plan.local_set] or "",
        surrogate_set=places[plan.surrogate_set] or "",
        tasks=tuple(places[task] or "" for task in plan.tasks),
        attacks=tuple(_attack(choice, run) for choice in plan.attacks),
    )


def keep_all_but(stage: str, jobs: tuple[Job, ...], opened: Path, folder: Path) -> None:
    """Fill ``folder`` with everything of the opened run but the outcomes of one stage's jobs, which are run again.

    Raises:
        BadInput: no job of the plan belongs to that stage.
    """
    again = {job.key for job in jobs if job.stage == stage}
    if not again:
        known = ", ".join(dict.fromkeys(job.stage for job in jobs))
        raise BadInput(f"This audit has no stage {stage}.", f"It has: {known}.", code="replay.stage")
    shutil.copytree(opened, folder, dirs_exist_ok=True)
    run = RunFolder(folder)
    for key in again:
        run.outcome(key).unlink(missing_ok=True)
    for path in (run.plan, run.report, run.page):
        path.unlink(missing_ok=True)


def _encoders(plan: AuditPlan) -> tuple[tuple[str, str], ...]:
    return ((plan.encoder, "victim"), (plan.auxiliary, "auxiliary"))


def _encoder(key: str, stored: Path) -> str:
    return key if key.startswith(SAMPLE_PREFIX) else str(stored)


def _located(key: str, sets: Mapping[str, str]) -> str | None:
    if key.startswith(SAMPLE_PREFIX):
        return key
    place = next((sets[name] for name in (set_name(key), _shown(key)) if name in sets), None)
    return None if place is None else f"{NAMED_PREFIX}{set_name(key)}:{place}"


def _shown(key: str) -> str:
    return set_place(key)


def _attack(choice: Choice, run: RunFolder) -> Choice:
    if choice.key != IMPORTED:
        return choice
    return msgspec.structs.replace(choice, values={**choice.values, "file": str(run.attack(choice.identity))})
