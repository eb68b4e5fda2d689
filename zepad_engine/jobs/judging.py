"""One picture through the undefended victim and ZePAD's branches, with attributions: the Inspect page's question."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from zepad_engine.attacks.budget import perturb, reach, scaled
from zepad_engine.branches import ZEPAD, Branch
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.fusion import confidence, top_probability
from zepad_engine.encoders.reading import load_own
from zepad_engine.errors import BadInput
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN
from zepad_engine.evaluation.detection import scores_of
from zepad_engine.execution.execution import Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_set import as_images
from zepad_engine.images.picture import open_picture
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.attributing import attribute
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.opening import how, input_size
from zepad_engine.jobs.systems import with_head
from zepad_engine.messages import BranchJudgement, ClassScore, Judged
from zepad_engine.metrics import rate_of, threshold_for
from zepad_engine.pictures import save_picture, stretched
from zepad_engine.plan import set_name
from zepad_engine.run_folder import RunFolder

_TEST = "test:"
_TOP = 5
_CLOUD = 200
_SLOTS = 8
_SHOWN_SIDE = 256


@dataclass(frozen=True, slots=True)
class _Gauge:
    fitted: FittedDefence
    threshold: float
    achieved_fpr: float
    calibration: tuple[float, ...]


_gauges: dict[tuple[str, str, int], _Gauge] = {}


@dataclass(frozen=True, slots=True)
class _Question:
    """A JudgeImage request read against its run."""

    context: Context
    task: str
    attack: str
    epsilon: float
    method: str
    names: tuple[str, ...]
    zepad: Zepad

    @property
    def reach(self) -> float:
        """How far a pixel can be moved; 0 without an attack."""
        return reach(load_perturbation(self.context, self.attack), self.epsilon) if self.epsilon else 0.0

    def slot(self, name: str) -> Path:
        """A few rotating names, so that a viewer never shows a stale picture and the folder does not grow."""
        turn = int(self.context.args["turn"]) % _SLOTS
        return self.context.folder.preview(f"inspect/{turn}_{name}")


def judge(context: Context) -> dict[str, Any]:
    """Answer a JudgeImage request; the outcome is a Judged message as plain data."""
    running = how(context)
    running.begin(context.plan.seed)
    question = _question(context)
    models = {branch: _model(context, question.task, branch) for branch in ("victim", *ZEPAD)}
    picture, notes, sha256 = _picture(question)
    started = time.perf_counter()
    moved = _moved(question, picture)
    with torch.inference_mode():
        logits = {branch: model(running.images(moved[None]))[0].cpu() for branch, model in models.items()}
    predicted = time.perf_counter()
    maps = _attributions(question, models, moved, logits)
    explained = time.perf_counter()
    judged = msgspec.structs.replace(
        _verdict(question, logits, maps),
        notes=notes,
        sha256=sha256,
        seconds_predict=predicted - started,
        seconds_explain=explained - predicted,
        **_stored(question, picture, moved),
    )
    return {"judged": msgspec.to_builtins(judged)}


def _question(context: Context) -> _Question:
    args, plan = context.args, context.plan
    task = next((key for key in plan.tasks if args["task"] in {key, set_name(key)}), None)
    if task is None:
        raise BadInput(f"This audit has no task called {args['task']}.", "Choose one of its tasks.")
    epsilon = float(args["epsilon_255"]) / 255
    if not 0 <= epsilon <= plan.epsilon_255 / 255 + 1e-9:
        raise BadInput(f"The perturbation was crafted for at most {plan.epsilon_255:g}/255.", "Choose a smaller size.")
    if args["attack"] and not context.folder.attack(args["attack"]).exists():
        raise BadInput(f"This audit has no perturbation called {args['attack']}.", "Choose one of its attacks.")
    return _Question(
        context=context,
        task=task,
        attack=args["attack"],
        epsilon=epsilon if args["attack"] else 0.0,
        method=args["attribution"],
        names=open_set(task, input_size(context), plan.seed).classes,
        zepad=next((defence for defence in plan_defences(plan).values() if isinstance(defence, Zepad)), Zepad()),
    )


def _model(context: Context, task: str, branch: Branch) -> nn.Module:
    head = context.folder.head(task, branch)
    if not head.exists():
        raise BadInput("This audit has no trained heads for that task yet.", "Finish the audit, then inspect images.")
    return _cached_model(str(context.folder.root), task, branch, how(context), head.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _cached_model(root: str, task: str, branch: Branch, running: Execution, _written: int) -> nn.Module:
    folder = RunFolder(Path(root))
    return running.for_scoring(with_head(load_own(folder.encoder(branch)), folder.head(task, branch)))


def _picture(question: _Question) -> tuple[Tensor, tuple[str, ...], str]:
    """The model's input (3, S, S) in [0, 1], what was done to get it, and the digest of a file's bytes."""
    context, image = question.context, question.context.args["image"]
    if not image.startswith(_TEST):
        opened = open_picture(Path(image).expanduser(), input_size(context))
        return as_images(opened.fed), opened.notes, opened.sha256
    number = image.removeprefix(_TEST)
    if not number.isdecimal():
        raise BadInput(f"{image} names no test image.", "Write test: and a number, for example test:12.")
    data = task_split(context, question.task, "test", context.plan.heads.test_images)
    index = int(number) % len(data)
    label = question.names[int(data.labels[index])]
    return data.images[index : index + 1][0].cpu(), (f"Test image {index}; its label is {label}.",), ""


def _moved(question: _Question, picture: Tensor) -> Tensor:
    if question.epsilon == 0:
        return picture
    full = question.context.plan.epsilon_255 / 255
    crafted = scaled(load_perturbation(question.context, question.attack), question.epsilon / full)
    return perturb(picture[None], crafted, clamp=not question.context.plan.switches.no_clamp)[0]


def _attributions(
    question: _Question, models: dict[Branch, nn.Module], image: Tensor, logits: dict[Branch, Tensor]
) -> dict[Branch, str]:
    if question.method == "none":
        return {}
    paths = {}
    for branch, model in models.items():
        path = question.slot(f"{question.method}_{branch}")
        target = int(logits[branch].argmax())
        save_picture(attribute(question.method, model, image.to(how(question.context).device), target), path)
        paths[branch] = str(path)
    return paths


def _stored(question: _Question, picture: Tensor, moved: Tensor) -> dict[str, str]:
    """The three pictures of the page, as files."""
    images = {
        "shown": picture,
        "perturbed": moved,
        "residual": stretched(moved - picture, question.reach),
    }
    for name, image in images.items():
        save_picture(image, question.slot(name), side=_SHOWN_SIDE)
    return {name: str(question.slot(name)) for name in images}


def _verdict(question: _Question, logits: dict[Branch, Tensor], maps: dict[Branch, str]) -> Judged:
    args, plan = question.context.args, question.context.plan
    stacked = torch.stack([logits[branch] for branch in ZEPAD]).to(torch.float64)[:, None]
    gauge = _gauge(question)
    weights = gauge.fitted.weigh(stacked)
    found = gauge.fitted.score(stacked, plan.detector)
    assert found is not None
    score = float(found[0])
    shares = dict(zip(ZEPAD, weights[:, 0].tolist(), strict=True))
    said = {branch: _judgement(question, branch, logits[branch], shares.get(branch, 1.0), maps) for branch in logits}
    return Judged(
        request=args["request"],
        image=args["image"],
        task=args["task"],
        attack=args["attack"],
        epsilon_255=float(args["epsilon_255"]),
        shown="",
        perturbed="",
        residual="",
        residual_gain=round(1 / (2 * question.reach), 2) if question.reach > 0 else 1.0,
        undefended=said["victim"],
        branches=tuple(said[branch] for branch in ZEPAD),
        fused=_top(gauge.fitted.answer(stacked)[0], question.names),
        score=score,
        threshold=gauge.threshold,
        achieved_fpr=gauge.achieved_fpr,
        flagged=score > gauge.threshold,
        calibration=gauge.calibration,
        attribution=question.method,
        notes=(),
        seconds_predict=0.0,
        seconds_explain=0.0,
    )


def _judgement(
    question: _Question, branch: Branch, logits: Tensor, weight: float, maps: dict[Branch, str]
) -> BranchJudgement:
    m = top_probability(logits.to(torch.float64))
    return BranchJudgement(
        branch=branch,
        top=_top(logits, question.names),
        m=float(m),
        c=float(confidence(m, question.zepad.k)),
        weight=weight,
        attribution=maps.get(branch, ""),
    )


def _top(logits: Tensor, names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    best = logits.softmax(dim=0).topk(min(_TOP, len(names)))
    return tuple(
        ClassScore(name=names[index], probability=value)
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    )


def _gauge(question: _Question) -> _Gauge:
    context, plan = question.context, question.context.plan.detector
    written = context.folder.logits(question.task, "benign").stat().st_mtime_ns
    key = (str(context.folder.root), question.task, written)
    if key not in _gauges:
        answers = load_answers(context, question.task)
        fitted = answers.fitted("zepad", question.zepad)
        calibration, clean = (scores_of(answers, name, fitted, plan) for name in (CALIBRATION, CLEAN))
        threshold = threshold_for(calibration, plan.target_fpr)
        cloud = tuple(float(score) for score in calibration[:_CLOUD])
        _gauges[key] = _Gauge(fitted, threshold, rate_of(clean > threshold).value, cloud)
    return _gauges[key]
