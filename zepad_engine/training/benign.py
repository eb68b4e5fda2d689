"""BMP: an encoder trained on the defender's clean labelled data, from scratch by default (paper 3.3)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.resnet import random_like
from zepad_engine.errors import BadInput
from zepad_engine.execution import fast_arithmetic
from zepad_engine.findings import EpochRow
from zepad_engine.images.image_set import as_images
from zepad_engine.plan import BenignTraining
from zepad_engine.progress import Progress
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
) -> Benign:
    """Supervised training with random crops; the last epoch is kept.

    ``origin`` gives the architecture; its weights are used only where the plan says to fine-tune instead.
    """
    encoder = random_like(origin, seed) if plan.source == "scratch" else copy.deepcopy(origin)
    device = origin.mean.device
    torch.manual_seed(seed)
    head = nn.Linear(origin.card.feature_dim, train.classes)
    model = nn.Sequential(encoder, head).to(device).to(memory_format=torch.channels_last).requires_grad_(True)
    generator = torch.Generator().manual_seed(seed)
    steps = train.steps(plan.batch)
    optimiser = torch.optim.Adam(model.parameters(), lr=plan.rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs * steps)
    rows = []
    for epoch, span in progress.split(range(1, plan.epochs + 1)):
        loss_sum = 0.0
        model.train()
        for step, (_, images, labels) in enumerate(train.batches(plan.batch, generator)):
            span.advance(step / steps, f"epoch {epoch} of {plan.epochs}")
            with fast_arithmetic(device):
                logits = model(random_crops(images, generator).to(device))
            loss = functional.cross_entropy(logits.float(), labels.to(device))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            loss_sum += float(loss.detach()) / steps
            span.measure("cross_entropy", (epoch - 1) * steps + step, float(loss.detach()))
        rows.append(_row(epoch, loss_sum, _accuracy(model, validation, device)))
        span.measure("clean_accuracy", epoch * steps, rows[-1].clean_accuracy)
    return Benign(encoder.eval(), tuple(rows))


def random_crops(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each image by up to four pixels, edges repeated; (B, 3, H, W) in, the same shape out."""
    side = images.shape[-1]
    padded = functional.pad(images, (_PADDING,) * 4, mode="replicate")
    rows = torch.randint(0, 2 * _PADDING + 1, (len(images), 1), generator=generator) + torch.arange(side)
    columns = torch.randint(0, 2 * _PADDING + 1, (len(images), 1), generator=generator) + torch.arange(side)
    picture = torch.arange(len(images))[:, None, None]
    return padded[picture, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _accuracy(model: nn.Module, data: Labelled, device: torch.device) -> float:
    model.eval()
    right = 0
    with torch.inference_mode():
        for pictures, labels in zip(data.pictures.split(256), data.labels.split(256), strict=True):
            right += int((model(as_images(pictures).to(device)).argmax(1).cpu() == labels).sum())
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
