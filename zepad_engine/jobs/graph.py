"""Which jobs a plan needs, what each waits for, and what each costs. Torch-free."""

from __future__ import annotations

from typing import Final

import msgspec

from zepad_engine.branches import ALWAYS, BRANCHES, Branch, BranchRecipe, needed_branches
from zepad_engine.catalogue import ORIGINS, Catalogue, Entry
from zepad_engine.costs import (
    adapting_seconds,
    answering_seconds,
    benign_seconds,
    crafting_seconds,
    curve_seconds,
    measuring_seconds,
    purifying_seconds,
    trust_seconds,
    tuning_seconds,
)
from zepad_engine.errors import BadPlan
from zepad_engine.jobs.job import Job
from zepad_engine.plan import AuditPlan, Choice, set_name
from zepad_engine.recrafts import recrafted_attacks, recrafts_of, require_bounded, with_recraft

STAGES: Final[dict[str, str]] = {
    "open": "Open encoders and data",
    "craft": "Craft perturbations",
    "tune": "Tune the MPAE branches",
    "benign": "Train the BMP branch",
    "heads": "Train heads, answer the tests",
    "adapt": "Attack the defended systems",
    "measure": "Check trust, features, retrieval",
    "evaluate": "Fuse, detect, evaluate",
    "sweep": "Craft anew at other budgets",
}


def audit_jobs(plan: AuditPlan, catalogue: Catalogue) -> tuple[Job, ...]:
    """Every job of an audit, in the order workers should take them.

    Raises:
        BadPlan: the plan names what the catalogue does not have, or wants the budget of a patch swept.
    """
    require_bounded(plan, catalogue)
    attacks = _entries("attack", plan.attacks, catalogue.attacks)
    adaptive = _entries("attack on a defended system", plan.adaptive.attacks, catalogue.adaptive)
    defences = _entries("defence", plan.defences, catalogue.defences)
    branches = needed_branches(branch for entry in defences.values() for branch in entry.branches)
    systems = {choice.identity: defences[choice.key].branches for choice in plan.defences}
    attacked = {name: systems[name] for name in plan.adaptive.defences if name in systems}
    jobs = [*_opening(plan), *_crafting(plan, attacks), *_training(plan, branches), *_answering(plan, branches)]
    adapting = _adapting(plan, adaptive, attacked)
    recrafting = _recrafting(plan, catalogue)
    curves = _curves(plan, recrafting, systems)
    # Recrafting comes late: what every audit finds is told first.
    last = (*_measuring(plan, attacked), *_evaluating(plan, branches, adapting), *recrafting, *curves)
    return (*jobs, *adapting, *last)


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
    return [
        Job(
            key=f"craft_{choice.identity}",
            kind="craft",
            stage="craft",
            args={"attack": choice.identity, "series": f"craft_{choice.identity}"},
            needs=_origin_needs(str(choice.values.get("origin", attacks[choice.key].origin))),
            cost=crafting_seconds(choice, attacks[choice.key]),
        )
        for choice in plan.attacks
    ]


def _origin_needs(origin: str) -> tuple[str, ...]:
    """A file needs no pictures, only their size: a bad one is refused early."""
    if origin == "elsewhere":
        return ("open_victim",)
    made = (BRANCHES[branch].made_by for branch in ORIGINS[origin])
    return tuple(dict.fromkeys(("open_victim", *made, "data")))


def _training(plan: AuditPlan, branches: tuple[Branch, ...]) -> list[Job]:
    tune = [
        Job(
            key=recipe.made_by,
            kind="tune",
            stage="tune",
            args={"branch": branch, "series": branch},
            needs=(BRANCHES[recipe.of].made_by, "open_victim", "data"),
            cost=tuning_seconds(plan, recipe.method),
        )
        for branch, recipe in _recipes(branches)
        if recipe.of is not None
    ]
    train = Job(
        key="benign",
        kind="benign",
        stage="benign",
        args={"series": "benign"},
        needs=("open_victim", "open_auxiliary", "data"),
        cost=benign_seconds(plan),
    )
    purify = Job(
        key="purify",
        kind="purify",
        stage="tune",
        args={"series": "purifier"},
        needs=("open_victim", "data"),
        cost=purifying_seconds(plan),
    )
    # An attack is crafted on the benign encoder, and every answer waits for every attack: it comes first.
    return [train, *tune, *([purify] if "purified_victim" in branches else [])]


def _recipes(branches: tuple[Branch, ...]) -> list[tuple[Branch, BranchRecipe]]:
    return [(branch, BRANCHES[branch]) for branch in branches]


def _answering(plan: AuditPlan, branches: tuple[Branch, ...]) -> list[Job]:
    crafted = tuple(f"craft_{choice.identity}" for choice in plan.attacks)
    return [
        Job(
            key=f"answer_{set_name(task)}_{branch}",
            kind="answer",
            stage="heads",
            args={"task": task, "branch": branch},
            needs=(recipe.made_by, *crafted, "data"),
            cost=answering_seconds(plan, branch),
        )
        for branch, recipe in _recipes(branches)
        for task in plan.tasks
    ]


def attacked_tasks(plan: AuditPlan) -> tuple[str, ...]:
    """The tasks on which defended systems are attacked: as many as the plan says, unseen ones first."""
    return _unseen_first(plan)[: plan.adaptive.tasks]


def _unseen_first(plan: AuditPlan) -> tuple[str, ...]:
    unseen = [task for task in plan.tasks if set_name(task) != set_name(plan.local_set)]
    return (*unseen, *(task for task in plan.tasks if task not in unseen))


def _recrafting(plan: AuditPlan, catalogue: Catalogue) -> list[Job]:
    """Perturbations with one setting other than the plan's, each crafted from its start."""
    return [
        Job(
            key=f"recraft_{recraft.name}",
            kind="recraft",
            stage="sweep",
            args={"recraft": msgspec.json.encode(recraft).decode()},
            needs=_origin_needs(str(choice.values.get("origin", entry.origin))),
            cost=crafting_seconds(with_recraft(choice, recraft), entry),
        )
        for choice, entry in recrafted_attacks(plan, catalogue)
        for recraft in recrafts_of(plan, choice, entry)
    ]


def _curves(plan: AuditPlan, recrafting: list[Job], systems: dict[str, tuple[Branch, ...]]) -> list[Job]:
    """How the named systems answer a task under all of them."""
    listened = [systems[name] for name in plan.recrafting.defences if name in systems]
    branches = tuple(dict.fromkeys(branch for each in listened for branch in each))
    return [
        Job(
            key=f"curve_{set_name(task)}",
            kind="curve",
            stage="sweep",
            args={"task": task},
            needs=(*_answers(task, branches), *(job.key for job in recrafting)),
            cost=curve_seconds(plan, len(recrafting), branches),
        )
        for task in _unseen_first(plan)[: plan.recrafting.tasks]
        if recrafting and branches
    ]


def _adapting(plan: AuditPlan, attacks: dict[str, Entry], systems: dict[str, tuple[Branch, ...]]) -> list[Job]:
    return [
        Job(
            key=f"adapt_{set_name(task)}_{defence}_{choice.identity}",
            kind="adapt",
            stage="adapt",
            args={"task": task, "defence": defence, "attack": choice.identity},
            needs=_answers(task, (*branches, "victim")),
            cost=adapting_seconds(plan, choice, attacks[choice.key], branches),
        )
        for task in attacked_tasks(plan)
        for defence, branches in systems.items()
        for choice in plan.adaptive.attacks
    ]


def _measuring(plan: AuditPlan, systems: dict[str, tuple[Branch, ...]]) -> list[Job]:
    """What is measured beside accuracy: trust checks of attacked systems, label-free shifts and retrieval per task."""
    trust = [
        Job(
            key=f"trust_{set_name(task)}_{defence}",
            kind="trust",
            stage="measure",
            args={"task": task, "defence": defence},
            needs=_answers(task, (*branches, "victim")),
            cost=trust_seconds(plan, branches),
        )
        for task in attacked_tasks(plan)[:1]
        for defence, branches in systems.items()
        if plan.adaptive.attacks and plan.adaptive.checked_images
    ]
    measure = [
        Job(
            key=f"measure_{set_name(task)}",
            kind="measure",
            stage="measure",
            args={"task": task},
            needs=_answers(task, ALWAYS),
            cost=measuring_seconds(plan),
        )
        for task in plan.tasks
    ]
    return [*trust, *measure]


def _answers(task: str, branches: tuple[Branch, ...]) -> tuple[str, ...]:
    return tuple(f"answer_{set_name(task)}_{branch}" for branch in dict.fromkeys(branches))


def _evaluating(plan: AuditPlan, branches: tuple[Branch, ...], adapting: list[Job]) -> list[Job]:
    """A task's worst case is taken over the attacks on its defended systems too; its examples are explained last."""
    evaluate = [
        Job(
            key=f"evaluate_{set_name(task)}",
            kind="evaluate",
            stage="evaluate",
            args={"task": task},
            needs=(*_answers(task, branches), *(job.key for job in adapting if job.args["task"] == task)),
            cost=1.0,
        )
        for task in plan.tasks
    ]
    explain = [
        Job(
            key=f"attribute_{set_name(job.args['task'])}",
            kind="attribute",
            stage="evaluate",
            args=job.args,
            needs=(job.key,),
            cost=2.0,
        )
        for job in evaluate
    ]
    return [*evaluate, *explain]
