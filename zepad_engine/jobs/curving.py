"""How systems answer one task under perturbations crafted anew: accuracy by budget, by steps, by starts."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import msgspec
import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.catalogue import ORIGINS
from zepad_engine.describe import describe
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.evaluation.accuracy import rate
from zepad_engine.evaluation.answers import CLEAN, Answers
from zepad_engine.evidence import Sweep
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation, plan_attack, surrogate_bank
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.opening import how, load_branch
from zepad_engine.jobs.recrafting import load_recraft
from zepad_engine.jobs.systems import branch_model
from zepad_engine.plan import Choice, set_name
from zepad_engine.recrafts import Quantity, Recraft, own_steps, recrafted_attacks, recrafts_of
from zepad_engine.training.features import scored_features

# Of the attacker's images, on which he compares his starts.
_COMPARED = 500
# By the setting, the condition whose answers count there.
_Points = dict[float, str]


def curve(context: Context) -> dict[str, Any]:
    """The sweeps of one task, one for each attack, setting and system; on all its test images."""
    how(context).begin(context.seed("curve", context.args["task"]))
    swept = [
        (choice, own_steps(choice, entry), recrafts_of(context.plan, choice, entry))
        for choice, entry in recrafted_attacks(context.plan, describe())
    ]
    answers = _answers(context, [recraft for _, _, recrafts in swept for recraft in recrafts])
    found = []
    for choice, steps, recrafts in swept:
        for quantity, points in _points(context, choice, steps, recrafts).items():
            found += _sweeps(context, answers, choice.identity, quantity, points)
    return {"sweeps": msgspec.to_builtins(found)}


def _answers(context: Context, recrafts: list[Recraft]) -> Answers:
    """The stored answers of the branches the systems listen to, with those under each recraft, by its name."""
    plan, task = context.plan, context.args["task"]
    defences = plan_defences(plan)
    listened = [defences[name].branches for name in plan.recrafting.defences if name in defences]
    branches = tuple(dict.fromkeys(branch for each in listened for branch in each))
    stored = load_answers(context, task, branches)
    patterns: dict[str, Tensor | None] = {recraft.name: load_recraft(context, recraft) for recraft in recrafts}
    test = task_split(context, task, "test", plan.heads.test_images, how(context))
    logits = {}
    for branch, span in context.progress.split(branches):
        span.advance(0.0, f"{branch.replace('_', ' ')}: answers")
        model = branch_model(context, task, branch)
        encoder, head = cast("Encoder", model[0]), model[1]
        features = scored_features(encoder, test.images, patterns, clamp=not plan.switches.no_clamp)
        with torch.no_grad():
            logits[branch] = stored.logits[branch] | {name: head(each) for name, each in features.items()}
    return dataclasses.replace(stored, logits=logits)


def _points(
    context: Context, choice: Choice, steps: int, recrafts: tuple[Recraft, ...]
) -> dict[Quantity, dict[float, str]]:
    """Each quantity's settings in rising order, the plan's own among them, and what is answered there."""
    own = choice.identity
    by: dict[Quantity, _Points] = {}
    for recraft in recrafts:
        by.setdefault(recraft.quantity, {})[recraft.setting] = recraft.name
    if "epsilon_255" in by:
        by["epsilon_255"] |= {0.0: CLEAN} | ({context.plan.epsilon_255: own} if context.plan.epsilon_255 else {})
    if "steps" in by:
        by["steps"][float(steps)] = own
    if "restarts" in by:
        by["restarts"] = _best_so_far(context, own, by["restarts"])
    return {quantity: dict(sorted(points.items())) for quantity, points in by.items()}


def _best_so_far(context: Context, own: str, others: _Points) -> _Points:
    """For each number of starts the one that moves the attacker's images farthest: he has no labels to choose by."""
    few = surrogate_bank(context, how(context), most=_COMPARED)
    patterns = {own: load_perturbation(context, own)}
    patterns |= {
        name: load_recraft(context, Recraft(attack=own, quantity="restarts", setting=start))
        for start, name in others.items()
    }
    moved = dict.fromkeys(patterns, 0.0)
    for branch in ORIGINS[plan_attack(context.plan, own).origin]:
        features = scored_features(load_branch(context, branch), few, {CLEAN: None, **patterns})
        for name in patterns:
            moved[name] += 1 - float(functional.cosine_similarity(features[CLEAN], features[name]).mean())
    best = [own]
    for name in list(patterns)[1:]:
        best.append(max((best[-1], name), key=lambda each: moved[each]))
    return {float(number): name for number, name in enumerate(best, 1)}


def _sweeps(context: Context, answers: Answers, attack: str, quantity: Quantity, points: _Points) -> list[Sweep]:
    defences = plan_defences(context.plan)
    fitted = [answers.fitted(name, defences[name]) for name in context.plan.recrafting.defences if name in defences]
    return [
        Sweep(
            quantity=quantity,
            rate="robust accuracy",
            attack=attack,
            defence=each.identity,
            task=set_name(context.args["task"]),
            points=tuple(
                (setting, rate(answers.predictions(each, at) == answers.labels)) for setting, at in points.items()
            ),
        )
        for each in fitted
    ]
