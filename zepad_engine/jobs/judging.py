"""One picture through the undefended victim and ZePAD's branches, with attributions: the Inspect page's question."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from zepad_engine.attacks.budget import perturb
from zepad_engine.defences.base import Branch
from zepad_engine.defences.detector import detection_scores
from zepad_engine.defences.fused import Zepad
from zepad_engine.defences.fusion import confidence, top_probability
from zepad_engine.encoders.reading import load_own
from zepad_engine.errors import BadInput
from zepad_engine.evaluation.detection import scores_of
from zepad_engine.execution import choose_device, for_scoring
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_set import as_images
from zepad_engine.images.picture import open_picture
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.attributing import attribute
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.opening import input_size
from zepad_engine.messages import BranchJudgement, ClassScore, Judged
from zepad_engine.metrics import rate_of, threshold_for
from zepad_engine.pictures import save_picture, stretched
from zepad_engine.plan import AuditPlan
from zepad_engine.run_folder import RunFolder
from zepad_engine.training.head import Head

_ZEPAD: tuple[Branch, ...] = Zepad.branches
_TEST = "test:"
_TOP = 5
_CLOUD = 200
_SLOTS = 8


@dataclass(frozen=True, slots=True)
class _Gauge:
    threshold: float
    achieved_fpr: float
    calibration: tuple[float, ...]


_gauges: dict[tuple[str, str, int], _Gauge] = {}


def judge(context: Context) -> dict[str, Any]:
    """Answer a JudgeImage request; the outcome is a Judged message as plain data."""
    args, plan = context.args, context.plan
    task, epsilon = args["task"], float(args["epsilon_255"]) / 255
    _require_within_budget(epsilon, plan)
    torch.set_num_threads(1)
    models = {branch: _model(context, task, branch) for branch in ("victim", *_ZEPAD)}
    picture, notes = _picture(context, args["image"], task)
    started = time.perf_counter()
    moved = _moved(context, picture, epsilon)
    with torch.inference_mode():
        logits = {branch: model(moved[None].to(_device(context)))[0].cpu() for branch, model in models.items()}
    seconds_predict = time.perf_counter() - started
    started = time.perf_counter()
    maps = _attributions(context, models, moved, logits)
    seconds_explain = time.perf_counter() - started
    judged = _verdict(context, logits, maps, picture, moved, notes, seconds_predict, seconds_explain)
    return {"judged": msgspec.to_builtins(judged)}


def _require_within_budget(epsilon: float, plan: AuditPlan) -> None:
    if not 0 <= epsilon <= plan.epsilon_255 / 255 + 1e-9:
        raise BadInput(f"The perturbation was crafted for at most {plan.epsilon_255:g}/255.", "Choose a smaller size.")


def _model(context: Context, task: str, branch: Branch) -> nn.Module:
    head = context.folder.head(task, branch)
    if not head.exists():
        raise BadInput("This audit has no trained heads for that task yet.", "Finish the audit, then inspect images.")
    return _cached_model(str(context.folder.root), task, branch, context.plan.device, head.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _cached_model(root: str, task: str, branch: Branch, device: str, _written: int) -> nn.Module:
    folder = RunFolder(Path(root))
    encoder = load_own(folder.encoder(branch))
    weights = load_file(folder.head(task, branch))
    head = Head(encoder.card.feature_dim, len(weights["layers.5.bias"]))
    head.load_state_dict(weights)
    return for_scoring(nn.Sequential(encoder, head).to(choose_device(device)))


def _device(context: Context) -> torch.device:
    return choose_device(context.plan.device)


def _picture(context: Context, image: str, task: str) -> tuple[Tensor, tuple[str, ...]]:
    """The model's input (3, S, S) in [0, 1], and what was done to get it."""
    if image.startswith(_TEST):
        data = task_split(context, task, "test", context.plan.heads.test_images)
        index = int(image.removeprefix(_TEST)) % len(data)
        names = open_set(task, input_size(context), context.plan.seed).classes
        return as_images(data.pictures[index]), (f"Test image {index}; its label is {names[int(data.labels[index])]}.",)
    _, pixels, notes = open_picture(Path(image).expanduser(), input_size(context))
    return as_images(pixels), notes


def _moved(context: Context, picture: Tensor, epsilon: float) -> Tensor:
    attack = context.args["attack"]
    if not attack or epsilon == 0:
        return picture
    crafted = load_perturbation(context, attack) * (epsilon / (context.plan.epsilon_255 / 255))
    return perturb(picture[None], crafted)[0]


def _attributions(
    context: Context, models: dict[Branch, nn.Module], image: Tensor, logits: dict[Branch, Tensor]
) -> dict[Branch, str]:
    method = context.args["attribution"]
    if method == "none":
        return {}
    paths = {}
    for branch, model in models.items():
        path = _slot(context, f"{method}_{branch}")
        picture = attribute(method, model, image.to(_device(context)), int(logits[branch].argmax()))
        save_picture(picture, path)
        paths[branch] = str(path)
    return paths


def _slot(context: Context, name: str) -> Path:
    """A few rotating names, so that a viewer never shows a stale picture and the folder does not grow."""
    turn = int(context.args["turn"]) % _SLOTS
    return context.folder.preview(f"inspect/{turn}_{name}")


def _verdict(
    context: Context,
    logits: dict[Branch, Tensor],
    maps: dict[Branch, str],
    picture: Tensor,
    moved: Tensor,
    notes: tuple[str, ...],
    seconds_predict: float,
    seconds_explain: float,
) -> Judged:
    args, plan = context.args, context.plan
    zepad = next((defence for defence in plan_defences(plan) if isinstance(defence, Zepad)), Zepad())
    names = open_set(args["task"], input_size(context), plan.seed).classes
    stacked = torch.stack([logits[branch] for branch in _ZEPAD]).to(torch.float64)[:, None]
    weights = zepad.weigh(stacked)[:, 0]
    fused = (weights[:, None] * stacked[:, 0]).sum(dim=0)
    score = float(detection_scores(stacked[:2], stacked[2], plan.detector, zepad.k)[0])
    gauge = _gauge(context, zepad.k)
    shown, perturbed, residual = (_slot(context, name) for name in ("shown", "perturbed", "residual"))
    epsilon = float(args["epsilon_255"]) / 255
    save_picture(picture, shown, side=256)
    save_picture(moved, perturbed, side=256)
    save_picture(stretched(moved - picture, epsilon), residual, side=256)
    branch_weights = dict(zip(_ZEPAD, weights.tolist(), strict=True))
    said = {
        branch: _judgement(branch, logits[branch], branch_weights.get(branch, 1.0), zepad.k, names, maps)
        for branch in logits
    }
    return Judged(
        request=args["request"],
        image=args["image"],
        task=args["task"],
        attack=args["attack"],
        epsilon_255=float(args["epsilon_255"]),
        shown=str(shown),
        perturbed=str(perturbed),
        residual=str(residual),
        residual_gain=round(1 / (2 * epsilon), 2) if epsilon > 0 else 1.0,
        undefended=said["victim"],
        branches=tuple(said[branch] for branch in _ZEPAD),
        fused=_top(fused, names),
        score=score,
        threshold=gauge.threshold,
        achieved_fpr=gauge.achieved_fpr,
        flagged=score > gauge.threshold,
        calibration=gauge.calibration,
        attribution=args["attribution"],
        notes=notes,
        seconds_predict=seconds_predict,
        seconds_explain=seconds_explain,
    )


def _judgement(
    branch: Branch, logits: Tensor, weight: float, k: float, names: tuple[str, ...], maps: dict[Branch, str]
) -> BranchJudgement:
    m = top_probability(logits.to(torch.float64))
    return BranchJudgement(
        branch=branch,
        top=_top(logits, names),
        m=float(m),
        c=float(confidence(m, k)),
        weight=weight,
        attribution=maps.get(branch, ""),
    )


def _top(logits: Tensor, names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    best = logits.softmax(dim=0).topk(min(_TOP, len(names)))
    return tuple(
        ClassScore(name=names[index], probability=value)
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    )


def _gauge(context: Context, k: float) -> _Gauge:
    written = context.folder.logits(context.args["task"], "benign").stat().st_mtime_ns
    key = (str(context.folder.root), context.args["task"], written)
    if key not in _gauges:
        answers = load_answers(context, context.args["task"])
        plan = context.plan.detector
        calibration, clean = (scores_of(answers, condition, plan, k) for condition in ("calibration", "clean"))
        threshold = threshold_for(calibration, plan.target_fpr)
        cloud = tuple(float(score) for score in calibration[:_CLOUD])
        _gauges[key] = _Gauge(threshold, rate_of(clean > threshold).value, cloud)
    return _gauges[key]
