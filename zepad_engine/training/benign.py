"""BMP: an encoder trained on the defender's clean labelled data, from scratch by default (paper 3.3)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.random_weights import random_like
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.optimisers import Adam
from zepad_engine.plan import BenignTraining
from zepad_engine.progress import Progress
from zepad_engine.trained import EpochRow
from zepad_engine.training.gradients import gradient_norm
from zepad_engine.training.labelled import Labelled

_PADDING = 4


@dataclass(frozen=True, slots=True)
class Benign:
    """The trained encoder in eval mode and its epochs."""

    encoder: Encoder
    epochs: tuple[EpochRow, ...]


def train_benign(
    origin: Encoder,
    train: Labelled,
    validation: Labelled,
    plan: BenignTraining,
    seed: int,
    progress: Progress,
    how: Execution,
) -> Benign:
    """Supervised training with random crops; the last epoch is kept.

    ``origin`` gives the architecture; its weights are used only where the plan says to fine-tune instead.
    """
    encoder = random_like(origin, seed) if plan.source == "scratch" else copy.deepcopy(origin)
    torch.manual_seed(seed)
    model = how.for_training(nn.Sequential(encoder, nn.Linear(origin.card.feature_dim, train.classes)))
    generator = torch.Generator().manual_seed(seed)
    steps = train.steps(plan.batch)
    optimiser = Adam(model.parameters(), lr=plan.rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs * steps)
    rows = []
    for epoch, span in progress.split(range(1, plan.epochs + 1)):
        loss_sum = 0.0
        model.train()
        for step, (_, images, labels) in enumerate(train.batches(plan.batch, generator)):
            span.advance(step / steps, f"epoch {epoch} of {plan.epochs}")
            loss = functional.cross_entropy(model(random_crops(images, generator)), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            at = (epoch - 1) * steps + step
            span.measure("gradient_norm", at, gradient_norm(encoder))
            optimiser.step()
            schedule.step()
            loss_sum += float(loss.detach()) / steps
            span.measure("cross_entropy", at, float(loss.detach()))
        rows.append(_row(epoch, loss_sum, _accuracy(how.for_scoring(model), validation, plan.batch)))
        span.measure("clean_accuracy", epoch * steps, rows[-1].clean_accuracy)
    how.after_training(encoder)
    return Benign(encoder, tuple(rows))


def random_crops(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each image by up to four pixels, edges repeated; (B, 3, H, W) in, the same shape out."""
    side = images.shape[-1]
    padded = functional.pad(images, (_PADDING,) * 4, mode="replicate")
    rows = torch.randint(0, 2 * _PADDING + 1, (len(images), 1), generator=generator) + torch.arange(side)
    columns = torch.randint(0, 2 * _PADDING + 1, (len(images), 1), generator=generator) + torch.arange(side)
    picture = torch.arange(len(images))[:, None, None]
    return padded[picture, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _accuracy(model: nn.Module, data: Labelled, batch: int) -> float:
    with torch.inference_mode():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in data.in_order(batch))
    return right / len(data)


def _row(epoch: int, loss: float, accuracy: float) -> EpochRow:
    if not math.isfinite(loss):
        raise BadInput("The benign encoder's loss is no longer a number.", "Lower its learning rate in the plan.")
    return EpochRow(
        epoch=epoch,
        cross_entropy=loss,
        regularisation=0.0,
        total=loss,
        clean_accuracy=accuracy,
    )
