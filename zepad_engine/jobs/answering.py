"""One branch on one task: features once, a head, and its logits on every image the evaluation asks about."""

from __future__ import annotations

from typing import Any

from safetensors.torch import save
from torch import Tensor

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution import use_one_thread
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.crafting import load_perturbation
from zepad_engine.jobs.opening import input_size, load_branch
from zepad_engine.storage import write_bytes
from zepad_engine.training.features import extract_features
from zepad_engine.training.head import Head, train_head
from zepad_engine.training.labelled import Labelled, labelled

CLEAN, CALIBRATION = "clean", "calibration"


def task_split(context: Context, task: str, split: str, count: int) -> Labelled:
    """The same draw of a task's split in every job of the run."""
    images = open_set(task, input_size(context), context.plan.seed)
    return labelled(images, split, count, context.seed("task", task, split))


def answer(context: Context) -> dict[str, Any]:
    """Train the branch's head for the task and store its logits, clean and under every crafted perturbation."""
    plan, task, branch = context.plan, context.args["task"], context.args["branch"]
    seed = context.seed("head", task, branch)
    use_one_thread(seed)
    encoder = load_branch(context, branch)
    train = task_split(context, task, "train", plan.heads.train_images)
    context.progress.advance(0.1, f"{branch.replace('_', ' ')}: head")
    head = train_head(
        extract_features(encoder, train.pictures),
        train.labels,
        train.classes,
        plan.heads,
        seed,
        dropout_first_epoch=plan.switches.dropout_first_epoch,
    )
    context.progress.advance(0.5, f"{branch.replace('_', ' ')}: answers")
    logits = _all_logits(context, encoder, head)
    write_bytes(context.folder.head(task, branch), save(dict(head.state_dict())))
    write_bytes(context.folder.logits(task, branch), save(logits))
    return {"train_images": len(train), "test_images": len(logits[CLEAN])}


def _all_logits(context: Context, encoder: Encoder, head: Head) -> dict[str, Tensor]:
    plan, task = context.plan, context.args["task"]
    calibration = task_split(context, task, "calibration", plan.heads.test_images)
    test = task_split(context, task, "test", plan.heads.test_images)
    logits = {
        CALIBRATION: _logits(head, extract_features(encoder, calibration.pictures)),
        CLEAN: _logits(head, extract_features(encoder, test.pictures)),
    }
    for choice, span in context.progress.between(0.6, 1.0).split(plan.attacks):
        span.advance(0.0, f"{context.args['branch'].replace('_', ' ')}: answers under {choice.key}")
        perturbation = load_perturbation(context, choice.key)
        moved = extract_features(encoder, test.pictures, perturbation, clamp=not plan.switches.no_clamp)
        logits[choice.key] = _logits(head, moved)
    return logits


def _logits(head: Head, features: Tensor) -> Tensor:
    result: Tensor = head(features).detach()
    return result.contiguous()
