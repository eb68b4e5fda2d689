"""Evaluate one task: every defence against every attack, worst cases, paired tests, the detector, the examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from safetensors.torch import load_file
from torch import Tensor

from zepad_engine.branches import Branch, needed_branches
from zepad_engine.defences.base import Defence
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.registry import build_defence
from zepad_engine.evaluation.accuracy import branches_of, cells_of
from zepad_engine.evaluation.answers import CLEAN, Answers
from zepad_engine.evaluation.detection import detections_of
from zepad_engine.evaluation.pairing import pairs_of
from zepad_engine.evaluation.sweeping import sweeps_of
from zepad_engine.evaluation.worst import Verdicts, verdicts_of, worst_case
from zepad_engine.evidence import DefenceFinding, WorstCase
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.exemplifying import examples_of
from zepad_engine.jobs.keeping import keep_per_image
from zepad_engine.plan import AuditPlan, Choice, set_name


def evaluate(context: Context) -> dict[str, Any]:
    """Cells, branches, detection, worst cases, paired tests, sweeps and examples of one task."""
    plan = context.plan
    answers = load_answers(context, context.args["task"])
    attacks = [choice.identity for choice in plan.attacks]
    fitted = [answers.fitted(identity, defence) for identity, defence in plan_defences(plan).items()]
    verdicts = {each.identity: verdicts_of(answers, each, attacks, plan.detector) for each in fitted}
    keep_per_image(context, verdicts)
    cells = [cell for each in fitted for cell in cells_of(answers, each, attacks, plan.epsilon_255)]
    branches = [
        finding for each in fitted if len(each.defence.branches) > 1 for finding in branches_of(answers, each, attacks)
    ]
    zepad = first_zepad(fitted)
    found: dict[str, list[Any]] = {
        "cells": cells,
        "branches": branches,
        "worst": [case for each in fitted for case in _worst_cases(context, each, verdicts[each.identity])],
        "detection": detections_of(answers, attacks, zepad, plan.detector) if zepad else [],
        "pairs": pairs_of(answers.task, verdicts, zepad.identity) if zepad else [],
        "sweeps": sweeps_of(answers, zepad, attacks, plan.detector) if zepad else [],
        "examples": examples_of(context, answers, zepad) if zepad else [],
        "defences": [_told(each) for each in fitted],
    }
    return {name: msgspec.to_builtins(findings) for name, findings in found.items()}


def _told(fitted: FittedDefence) -> DefenceFinding:
    defence = fitted.defence
    own = fitted.identity.removeprefix(defence.key).removeprefix("-")
    return DefenceFinding(
        key=fitted.identity,
        name=f"{defence.name} ({own})" if own else defence.name,
        citation=defence.citation,
        recipe=repr(defence),
        branches=defence.branches,
    )


def first_zepad(fitted: Iterable[FittedDefence]) -> FittedDefence | None:
    """The plan's first ZePAD, if it has one: the detector, the paired tests and the sweeps are about it."""
    return next((each for each in fitted if isinstance(each.defence, Zepad)), None)


def _worst_cases(context: Context, fitted: FittedDefence, universal: dict[str, Verdicts]) -> list[WorstCase]:
    """Over the attacks on encoders; and over those and the attacks on this very system, where there were any."""
    task = context.args["task"]
    found = [worst_case("universal", fitted, set_name(task), universal)]
    files = {
        choice.identity: context.folder.adaptive(task, fitted.identity, choice.identity)
        for choice in context.plan.adaptive.attacks
    }
    stored = {identity: load_file(file) for identity, file in files.items() if file.exists()}
    if stored:
        rows = next(iter(stored.values()))["rows"]
        met = {name: verdicts.at(rows) for name, verdicts in universal.items()}
        watched = universal[CLEAN].flagged is not None
        met |= {identity: _stored_verdicts(each, watched=watched) for identity, each in stored.items()}
        found.append(worst_case("all", fitted, set_name(task), met))
    return found


def _stored_verdicts(stored: dict[str, Tensor], *, watched: bool) -> Verdicts:
    return Verdicts(stored["wrong"].bool().numpy(), stored["flagged"].bool().numpy() if watched else None)


def plan_defences(plan: AuditPlan) -> dict[str, Defence]:
    """The plan's defences by identity; the official mode inverts entropy weights as the release does."""
    return {choice.identity: build_defence(_with_switches(choice, plan)) for choice in plan.defences}


def _with_switches(choice: Choice, plan: AuditPlan) -> Choice:
    if choice.key == "entropy_fusion" and plan.switches.entropy_inverted:
        return Choice(key=choice.key, values={**choice.values, "fusion": "entropy_inverted"})
    return choice


def load_answers(context: Context, task: str, branches: tuple[Branch, ...] = ()) -> Answers:
    """The stored logits of one task: of ``branches``, or of all that the plan's defences listen to."""
    plan = context.plan
    test, calibration = (task_split(context, task, split, plan.heads.test_images) for split in ("test", "calibration"))
    needed = needed_branches(branch for defence in plan_defences(plan).values() for branch in defence.branches)
    logits = {branch: load_file(context.folder.logits(task, branch)) for branch in branches or needed}
    return Answers(task=set_name(task), labels=test.labels, calibration_labels=calibration.labels, logits=logits)
