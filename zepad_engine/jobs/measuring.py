"""What is measured beside accuracy, on one task: shifts of features, retrieval, and a detector's false alarms."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
import torch
from torch import Tensor

from zepad_engine.branches import ALWAYS, BRANCHES, ZEPAD, Branch
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import Zepad
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.evaluation.accuracy import rate
from zepad_engine.evaluation.alarms import CHANGES, false_alarm
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN, NO_ATTACK, Answers
from zepad_engine.evaluation.detection import scores_of
from zepad_engine.evaluation.retrieval import retrieval_of, side_by_side
from zepad_engine.evaluation.shift import shifts_of
from zepad_engine.evidence import FalseAlarm, FeatureShift, Retrieval
from zepad_engine.execution.execution import Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import attacked_rows, branch_model
from zepad_engine.places import cache_folder
from zepad_engine.plan import set_name
from zepad_engine.training.feature_cache import FeatureCache
from zepad_engine.training.features import scored_features
from zepad_engine.training.labelled import Labelled

# Half as many images as the plan tests with, at most this many: features of tuned branches are computed anew.
_MOST_IMAGES: Final = 500
_RETRIEVED: Final[tuple[Branch, ...]] = ("victim", "tuned_victim", "tuned_auxiliary", "benign", "random")
_SHIFTED: Final[tuple[Branch, ...]] = ("victim", "tuned_victim", "tuned_auxiliary")
# What the three branches of ZePAD are called together, where no plan's identity can be meant.
_FUSED: Final = "zepad"
_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Images:
    """Some labelled images of a split: the whole split, and which of its rows are meant, int64 (N,)."""

    whole: Labelled
    rows: Tensor

    @property
    def labels(self) -> Tensor:
        return self.whole.labels[self.rows]

    def pictures(self) -> Tensor:
        """The chosen ones as uint8 (N, 3, S, S)."""
        parts = [self.whole.images[part] for part in self.rows.split(_AT_ONCE)]
        return torch.cat([(part * 255).round().to(torch.uint8).cpu() for part in parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """The images of one job: queries of the test split, a gallery of the calibration split, and images that are no
    attack, uint8 (N, 3, S, S) by condition."""

    queries: _Images
    gallery: _Images
    harmless: dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a branch makes of a scene: features (Q, D) of the queries by condition, features (G, D) of the gallery,
    logits (N, K) of harmless images by condition (only of ZePAD's branches)."""

    queries: dict[str, Tensor]
    gallery: Tensor
    harmless: dict[str, Tensor]


def measure(context: Context) -> dict[str, Any]:
    """Shifts, retrieval and false alarms of one task, on half as many images as the plan tests with, at most 500."""
    plan, task = context.plan, context.args["task"]
    running = how(context)
    running.begin(context.seed("measure", task))
    # The branches of other defences may not have answered yet.
    answers = load_answers(context, task, ALWAYS)
    zepads = {identity: defence for identity, defence in plan_defences(plan).items() if isinstance(defence, Zepad)}
    zepad = next((answers.fitted(identity, defence) for identity, defence in zepads.items()), None)
    scene = _scene(context, running)
    seen: dict[Branch, _Seen] = {}
    for branch, span in context.progress.split(_RETRIEVED):
        span.advance(0.0, f"{branch.replace('_', ' ')}: features")
        seen[branch] = _seen(context, branch, scene, running)
    return {
        "shifts": msgspec.to_builtins(_shifts(answers, scene, seen)),
        "retrieval": msgspec.to_builtins(_retrievals(answers.task, scene, seen, fused=zepad is not None)),
        "false_alarms": msgspec.to_builtins(_false_alarms(context, answers, scene, seen, zepad) if zepad else []),
    }


def _scene(context: Context, running: Execution) -> _Scene:
    plan, task = context.plan, context.args["task"]
    most = min(_MOST_IMAGES, (plan.heads.test_images + 1) // 2)
    drawn = {each: _test_images(context, each, most, running) for each in plan.tasks}
    calibration = task_split(context, task, "calibration", plan.heads.test_images, running)
    generator = torch.Generator().manual_seed(context.seed("gallery", task))
    gallery = torch.randperm(len(calibration), generator=generator)[:most].sort().values
    pictures = drawn[task].pictures()
    harmless = {name: change(pictures, context.seed("harmless", task)) for name, change in CHANGES.items()}
    harmless |= {set_name(each): images.pictures() for each, images in drawn.items() if each != task}
    return _Scene(queries=drawn[task], gallery=_Images(whole=calibration, rows=gallery), harmless=harmless)


def _test_images(context: Context, task: str, most: int, running: Execution) -> _Images:
    whole = task_split(context, task, "test", context.plan.heads.test_images, running)
    return _Images(whole=whole, rows=attacked_rows(context, task, most))


def _seen(context: Context, branch: Branch, scene: _Scene, running: Execution) -> _Seen:
    plan = context.plan
    model = branch_model(context, context.args["task"], branch)
    encoder, head = cast("Encoder", model[0]), model[1]
    attacks = {choice.identity: load_perturbation(context, choice.identity) for choice in plan.attacks}

    def features(images: _Images, conditions: dict[str, Tensor | None]) -> dict[str, Tensor]:
        clamp = not plan.switches.no_clamp
        if not BRANCHES[branch].lasting:
            return scored_features(encoder, ImageBank(images.pictures(), running), conditions, clamp=clamp)
        # The whole split's features are kept since the heads were trained.
        cache = FeatureCache(cache_folder() / "features")
        found = scored_features(encoder, images.whole.images, conditions, clamp=clamp, cache=cache)
        return {condition: each[images.rows] for condition, each in found.items()}

    harmless = scene.harmless if branch in ZEPAD else {}
    with torch.no_grad():
        logits = {
            name: head(scored_features(encoder, ImageBank(pictures, running), {name: None})[name])
            for name, pictures in harmless.items()
        }
    return _Seen(
        queries=features(scene.queries, {CLEAN: None, **attacks}),
        gallery=features(scene.gallery, {CALIBRATION: None})[CALIBRATION],
        harmless=logits,
    )


def _shifts(answers: Answers, scene: _Scene, seen: dict[Branch, _Seen]) -> list[FeatureShift]:
    found = []
    for branch in _SHIFTED:
        moved = {condition: features for condition, features in seen[branch].queries.items() if condition != CLEAN}
        shifts = shifts_of(seen[branch].queries[CLEAN], moved, scene.queries.whole.classes)
        found += [
            FeatureShift(
                branch=branch,
                attack=attack,
                task=answers.task,
                n=len(scene.queries.rows),
                accuracy_drop=_accuracy(answers, scene, branch, CLEAN) - _accuracy(answers, scene, branch, attack),
                **dataclasses.asdict(shift),
            )
            for attack, shift in shifts.items()
        ]
    return found


def _accuracy(answers: Answers, scene: _Scene, branch: Branch, condition: str) -> float:
    """Of the branch's own head on the job's images, from stored logits."""
    said = answers.logits[branch][condition][scene.queries.rows].argmax(dim=1)
    return rate(said == scene.queries.labels).value


def _retrievals(task: str, scene: _Scene, seen: dict[Branch, _Seen], *, fused: bool) -> list[Retrieval]:
    queries: dict[str, dict[str, Tensor]] = {branch: seen[branch].queries for branch in _RETRIEVED}
    galleries: dict[str, Tensor] = {branch: seen[branch].gallery for branch in _RETRIEVED}
    if fused:
        conditions = seen[ZEPAD[0]].queries
        queries[_FUSED] = {name: side_by_side([seen[branch].queries[name] for branch in ZEPAD]) for name in conditions}
        galleries[_FUSED] = side_by_side([seen[branch].gallery for branch in ZEPAD])
    return [
        retrieval_of(
            features,
            scene.queries.labels,
            galleries[branch],
            scene.gallery.labels,
            branch=branch,
            attack=NO_ATTACK if condition == CLEAN else condition,
            task=task,
        )
        for branch, by_condition in queries.items()
        for condition, features in by_condition.items()
    ]


def _false_alarms(
    context: Context, answers: Answers, scene: _Scene, seen: dict[Branch, _Seen], zepad: FittedDefence
) -> list[FalseAlarm]:
    """The detector on clean test images (all of them, from stored logits), on changed ones, on those of other tasks."""
    plan = context.plan.detector
    harmless = {branch: {**answers.logits[branch], **seen[branch].harmless} for branch in ZEPAD}
    known = dataclasses.replace(answers, logits=harmless)
    labels = dict.fromkeys(CHANGES, scene.queries.labels) | {CLEAN: answers.labels}
    calibration = scores_of(known, CALIBRATION, zepad, plan)
    return [
        false_alarm(
            calibration,
            scores_of(known, condition, zepad, plan),
            plan.margin,
            defence=zepad.identity,
            task=answers.task,
            condition=condition,
            accuracy=rate(known.predictions(zepad, condition) == labels[condition]) if condition in labels else None,
        )
        for condition in (CLEAN, *scene.harmless)
    ]
