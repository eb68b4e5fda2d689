"""A defence of this run as one network: encoders, heads, temperatures and threshold, put together from its files."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from zepad_engine.adaptive.base import Target
from zepad_engine.branches import Branch
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.system import System
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN, Answers
from zepad_engine.evaluation.detection import Scores, scores_of, threshold_of
from zepad_engine.execution.execution import Execution
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.opening import load_branch
from zepad_engine.training.head import Head


def with_head(encoder: nn.Module, file: Path) -> nn.Sequential:
    """An encoder and the stored head: images (N, 3, H, W) in [0, 1] in, logits (N, K) out, in eval mode."""
    weights = load_file(file)
    head = Head(len(weights["mean"]), len(weights["layers.5.bias"]))
    head.load_state_dict(weights)
    return nn.Sequential(encoder, head).eval()


def branch_model(context: Context, task: str, branch: Branch) -> nn.Sequential:
    """A branch of this run with its head for the task, not yet prepared by ``Execution``."""
    return with_head(load_branch(context, branch), context.folder.head(task, branch))


def system_of(context: Context, task: str, identity: str) -> System:
    """A defence of the plan on a task, with the temperatures of its calibration images; not yet prepared.

    ``Execution.for_attack`` and ``for_scoring`` make of it what an attacker differentiates and what decides.
    """
    return _assembled(context, task, _fitted(context, _answers(context, task, identity), identity))


def target_of(context: Context, task: str, identity: str, rows: Tensor, running: Execution) -> Target:
    """What an attack on a defence is given: the system in both its forms, images and all that may be known besides.

    Args:
        rows: int64 (N,), which of the task's test images, in the order of the stored logits.
        running: how the networks are run.

    Returns:
        a target whose examples are the images the heads were trained on, and whose surrogate is the undefended
        victim; its threshold comes from the calibration images.
    """
    plan, answers = context.plan, _answers(context, task, identity)
    fitted = _fitted(context, answers, identity)
    system = _assembled(context, task, fitted)
    test = task_split(context, task, "test", plan.heads.test_images, running)
    train = task_split(context, task, "train", plan.heads.train_images, running)
    return Target(
        attacked=running.for_attack(system),  # type: ignore[arg-type]
        scored=running.for_scoring(system),  # type: ignore[arg-type]
        images=test.images[rows],
        labels=test.images.place(test.labels[rows]),
        threshold=threshold_of(answers, fitted, plan.detector),
        examples=train.images,
        example_labels=train.images.place(train.labels),
        surrogate=running.for_attack(branch_model(context, task, "victim")),
        batch=running.batch_for(test.images.shape[-1]),
    )


def known_scores(context: Context, task: str, identity: str) -> tuple[Scores, Scores]:
    """Detection scores (N,) of a defence that has a detector: of the calibration images, of all clean test images."""
    answers = _answers(context, task, identity)
    fitted, plan = _fitted(context, answers, identity), context.plan.detector
    return scores_of(answers, CALIBRATION, fitted, plan), scores_of(answers, CLEAN, fitted, plan)


def attacked_rows(context: Context, task: str, count: int) -> Tensor:
    """Which test images of a task are attacked: at most ``count`` drawn evenly, rising rows of its stored logits.

    Every defence and every attack of the run meets the same. The first rows would not do: the images of a set often
    lie class by class.
    """
    total = len(task_split(context, task, "test", context.plan.heads.test_images))
    generator = torch.Generator().manual_seed(context.seed("attacked", task))
    return torch.randperm(total, generator=generator)[:count].sort().values


def _answers(context: Context, task: str, identity: str) -> Answers:
    """The logits of the defence's own branches: others may not have answered yet."""
    return load_answers(context, task, plan_defences(context.plan)[identity].branches)


def _fitted(context: Context, answers: Answers, identity: str) -> FittedDefence:
    return answers.fitted(identity, plan_defences(context.plan)[identity])


def _assembled(context: Context, task: str, fitted: FittedDefence) -> System:
    models = {branch: branch_model(context, task, branch) for branch in fitted.defence.branches}
    return System(fitted, models, context.plan.detector)
