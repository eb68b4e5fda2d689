"""One branch on one task: features once, a head, and its logits on every image the evaluation asks about."""

from __future__ import annotations

from typing import Any

from safetensors.torch import save
from torch import Tensor

from zepad_engine.branches import BRANCHES
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.opening import asked_branch, how, input_size, load_branch
from zepad_engine.places import cache_folder
from zepad_engine.storage import write_bytes
from zepad_engine.training.feature_cache import FeatureCache
from zepad_engine.training.features import scored_features, training_features
from zepad_engine.training.head import Head, train_head
from zepad_engine.training.labelled import Labelled, labelled

CLEAN, CALIBRATION = "clean", "calibration"


def task_split(context: Context, task: str, split: str, count: int, running: Execution = EXACT) -> Labelled:
    """The same draw of a task's split in every job of the run."""
    images = open_set(task, input_size(context), context.plan.seed)
    return labelled(images, split, count, context.seed("task", task, split), running)


def answer(context: Context) -> dict[str, Any]:
    """Train the branch's head for the task and store its logits, clean and under every crafted perturbation."""
    plan, task, branch = context.plan, context.args["task"], asked_branch(context)
    seed = context.seed("head", task, branch)
    running = how(context)
    running.begin(seed)
    encoder = load_branch(context, branch)
    cache = FeatureCache(cache_folder() / "features" if BRANCHES[branch].lasting else None)
    train = task_split(context, task, "train", plan.heads.train_images, running)
    context.progress.advance(0.0, f"{branch.replace('_', ' ')}: head")
    head = train_head(
        train.images.place(training_features(encoder, train.images, cache)),
        train.images.place(train.labels),
        train.classes,
        plan.heads,
        seed,
        dropout_first_epoch=plan.switches.dropout_first_epoch,
        kind=BRANCHES[branch].head,
    ).cpu()
    context.progress.advance(0.4, f"{branch.replace('_', ' ')}: answers")
    logits = _all_logits(context, encoder, head, cache)
    write_bytes(context.folder.head(task, branch), save(dict(head.state_dict())))
    write_bytes(context.folder.logits(task, branch), save(logits))
    return {"train_images": len(train), "test_images": len(logits[CLEAN])}


def _all_logits(context: Context, encoder: Encoder, head: Head, cache: FeatureCache) -> dict[str, Tensor]:
    plan, task, running = context.plan, context.args["task"], how(context)
    calibration = task_split(context, task, "calibration", plan.heads.test_images, running)
    test = task_split(context, task, "test", plan.heads.test_images, running)
    conditions: dict[str, Tensor | None] = {CLEAN: None}
    conditions |= {choice.identity: load_perturbation(context, choice.identity) for choice in plan.attacks}
    features = {
        **scored_features(encoder, calibration.images, {CALIBRATION: None}, cache=cache),
        **scored_features(encoder, test.images, conditions, clamp=not plan.switches.no_clamp, cache=cache),
    }
    return {condition: _logits(head, found) for condition, found in features.items()}


def _logits(head: Head, features: Tensor) -> Tensor:
    result: Tensor = head(features).detach()
    return result.contiguous()
