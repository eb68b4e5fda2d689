"""Which jobs a plan needs, what each waits for, and what each costs. Torch-free."""

from __future__ import annotations

from typing import Final

import msgspec

from zepad_engine.catalogue import Catalogue, Entry
from zepad_engine.costs import answering_seconds, benign_seconds, crafting_seconds, tuning_seconds
from zepad_engine.errors import BadPlan
from zepad_engine.jobs.job import Job
from zepad_engine.plan import AuditPlan, Choice, set_name

STAGES: Final[dict[str, str]] = {
    "open": "Open encoders and data",
    "craft": "Craft perturbations",
    "tune": "Tune the MPAE branches",
    "benign": "Train the BMP branch",
    "heads": "Train heads, answer the tests",
    "evaluate": "Fuse, detect, evaluate",
}

BRANCHES: Final = ("victim", "random", "auxiliary", "benign", "tuned_victim", "tuned_auxiliary")


def audit_jobs(plan: AuditPlan, catalogue: Catalogue) -> tuple[Job, ...]:
    """Every job of an audit, in the order workers should take them.

    Raises:
        BadPlan: the plan names an attack or a defence the catalogue does not have.
    """
    attacks = _entries("attack", plan.attacks, catalogue.attacks)
    _entries("defence", plan.defences, catalogue.defences)
    jobs = [*_opening(plan), *_crafting(plan, attacks), *_training(plan), *_answering(plan), *_evaluating(plan)]
    return tuple(jobs)


def _opening(plan: AuditPlan) -> list[Job]:
    sizes = 1 + 2 * len(plan.tasks)
    opened = (("victim", plan.encoder, plan.encoder_says), ("auxiliary", plan.auxiliary, plan.auxiliary_says))
    return [
        *(
            Job(
                key=f"open_{branch}",
                kind="open",
                stage="open",
                args={"path": path, "branch": branch, "says": msgspec.json.encode(says).decode()},
                cost=4,
            )
            for branch, path, says in opened
        ),
        Job(key="data", kind="data", stage="open", needs=("open_victim", "open_auxiliary"), cost=sizes),
    ]


def _entries(kind: str, choices: tuple[Choice, ...], known: tuple[Entry, ...]) -> dict[str, Entry]:
    entries = {entry.key: entry for entry in known}
    for choice in choices:
        if choice.key not in entries:
            raise BadPlan(f"There is no {kind} called {choice.key}.", f"Known: {', '.join(entries)}.")
    return {choice.key: entries[choice.key] for choice in choices}


def _crafting(plan: AuditPlan, attacks: dict[str, Entry]) -> list[Job]:
    origins = {
        "victim": ("open_victim", "data"),
        "auxiliary": ("open_auxiliary", "open_victim", "data"),
        "benign": ("benign", "open_victim", "data"),
        # A file needs no pictures, only their size: a bad one is refused early.
        "elsewhere": ("open_victim",),
    }
    return [
        Job(
            key=f"craft_{choice.identity}",
            kind="craft",
            stage="craft",
            args={"attack": choice.identity, "series": f"craft_{choice.identity}"},
            needs=origins[attacks[choice.key].origin],
            cost=crafting_seconds(choice, attacks[choice.key]),
        )
        for choice in plan.attacks
    ]


def _training(plan: AuditPlan) -> list[Job]:
    tune = [
        Job(
            key=f"tune_{branch}",
            kind="tune",
            stage="tune",
            args={"branch": branch, "series": f"tuned_{branch}"},
            needs=(f"open_{branch}", "open_victim", "data"),
            cost=tuning_seconds(plan),
        )
        for branch in ("victim", "auxiliary")
    ]
    train = Job(
        key="benign",
        kind="benign",
        stage="benign",
        args={"series": "benign"},
        needs=("open_victim", "open_auxiliary", "data"),
        cost=benign_seconds(plan),
    )
    return [*tune, train]


def _answering(plan: AuditPlan) -> list[Job]:
    sources = {
        "victim": ("open_victim",),
        "random": ("open_victim",),
        "auxiliary": ("open_auxiliary",),
        "benign": ("benign",),
        "tuned_victim": ("tune_victim",),
        "tuned_auxiliary": ("tune_auxiliary",),
    }
    crafted = tuple(f"craft_{choice.identity}" for choice in plan.attacks)
    return [
        Job(
            key=f"answer_{set_name(task)}_{branch}",
            kind="answer",
            stage="heads",
            args={"task": task, "branch": branch},
            needs=(*sources[branch], *crafted, "data"),
            cost=answering_seconds(plan),
        )
        for branch in BRANCHES
        for task in plan.tasks
    ]


def _evaluating(plan: AuditPlan) -> list[Job]:
    return [
        Job(
            key=f"evaluate_{set_name(task)}",
            kind="evaluate",
            stage="evaluate",
            args={"task": task},
            needs=tuple(f"answer_{set_name(task)}_{branch}" for branch in BRANCHES),
            cost=1.0,
        )
        for task in plan.tasks
    ]
