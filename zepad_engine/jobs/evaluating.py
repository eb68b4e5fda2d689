"""Evaluate one task: every defence against every attack, the detector, the examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from safetensors.torch import load_file
from torch import Tensor

from zepad_engine.attacks.budget import perturb
from zepad_engine.defences.base import BRANCHES, Defence
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.registry import build_defence
from zepad_engine.defences.single import Undefended
from zepad_engine.evaluation.accuracy import branches_of, cells_of
from zepad_engine.evaluation.answers import CLEAN, Answers
from zepad_engine.evaluation.detection import detection_of, scores_of
from zepad_engine.evaluation.examples import chosen_examples
from zepad_engine.findings import Detection, Example
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.opening import input_size
from zepad_engine.metrics import threshold_for
from zepad_engine.pictures import save_strip, stretched
from zepad_engine.plan import AuditPlan, Choice, set_name


def evaluate(context: Context) -> dict[str, Any]:
    """Cells, branches, detection and examples of one task."""
    plan = context.plan
    answers = load_answers(context, context.args["task"])
    attacks = [choice.identity for choice in plan.attacks]
    defences = plan_defences(plan)
    cells = [cell for defence in defences for cell in cells_of(answers, defence, attacks, plan.epsilon_255)]
    branches = [
        finding
        for defence in defences
        if len(defence.branches) > 1
        for finding in branches_of(answers, defence, attacks)
    ]
    detection = _detection(answers, defences, attacks, plan)
    return {
        "cells": msgspec.to_builtins(cells),
        "branches": msgspec.to_builtins(branches),
        "detection": msgspec.to_builtins(detection),
        "examples": msgspec.to_builtins(_examples(context, answers, defences)),
    }


def plan_defences(plan: AuditPlan) -> list[Defence]:
    """The plan's defences; the official mode inverts the entropy weights as the release does."""
    return [build_defence(_with_switches(choice, plan)) for choice in plan.defences]


def _with_switches(choice: Choice, plan: AuditPlan) -> Choice:
    if choice.key == "entropy_fusion" and plan.switches.entropy_inverted:
        return Choice(key=choice.key, values={**choice.values, "inverted": True})
    return choice


def load_answers(context: Context, task: str) -> Answers:
    """The stored logits of one task."""
    test = task_split(context, task, "test", context.plan.heads.test_images)
    logits = {branch: load_file(context.folder.logits(task, branch)) for branch in BRANCHES}
    return Answers(task=set_name(task), labels=test.labels, logits=logits)


def sharpness(defences: list[Defence]) -> float | None:
    """The k of the plan's ZePAD; None where the plan has no ZePAD, hence no detector."""
    return next((defence.k for defence in defences if isinstance(defence, Zepad)), None)


def _detection(answers: Answers, defences: list[Defence], attacks: list[str], plan: AuditPlan) -> list[Detection]:
    k = sharpness(defences)
    return [] if k is None else [detection_of(answers, attack, plan.detector, k) for attack in attacks]


def _examples(context: Context, answers: Answers, defences: list[Defence]) -> list[Example]:
    k = sharpness(defences)
    if k is None:
        return []
    plan, attack = context.plan, context.plan.attacks[0].identity
    task = context.args["task"]
    zepad = next(defence for defence in defences if isinstance(defence, Zepad))
    names = open_set(task, input_size(context), plan.seed).classes
    before, after = (answers.predictions(Undefended(), condition) for condition in (CLEAN, attack))
    defended = answers.predictions(zepad, attack)
    threshold = threshold_for(scores_of(answers, "calibration", plan.detector, k), plan.detector.target_fpr)
    flags = scores_of(answers, attack, plan.detector, k) > threshold
    images = task_split(context, task, "test", plan.heads.test_images).images
    perturbation = load_perturbation(context, attack)
    found = []
    for number, (chosen, index) in enumerate(chosen_examples(answers, attack, plan.seed)):
        path = context.folder.preview(f"{answers.task}_{attack}_{number}")
        _save_example(images[index : index + 1][0], perturbation, plan, path)
        found.append(
            Example(
                task=answers.task,
                attack=attack,
                index=index,
                chosen=chosen,
                label=names[int(answers.labels[index])],
                undefended_clean=names[int(before[index])],
                undefended_perturbed=names[int(after[index])],
                zepad_perturbed=names[int(defended[index])],
                flagged=bool(flags[index]),
                file=f"previews/{path.name}",
                gain=_gain(plan.epsilon_255),
            )
        )
        if number == 0:
            context.show(f"example_{answers.task}", f"{answers.task}: clean, perturbed, difference", path)
    return found


def _gain(epsilon_255: float) -> float:
    return round(255 / (2 * epsilon_255), 2) if epsilon_255 > 0 else 1.0


def _save_example(image: Tensor, perturbation: Tensor, plan: AuditPlan, path: Path) -> None:
    moved = perturb(image[None], perturbation, clamp=not plan.switches.no_clamp)[0]
    save_strip([image, moved, stretched(moved - image, plan.epsilon_255 / 255)], path)
