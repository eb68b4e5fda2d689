"""NRP: a purifier trained to give distorted images the features of clean ones (Naseer et al., CVPR 2020, Sec. 3).

Left out: the relativistic critic, whose weight in the paper is 0.005 of that of the features. The features are the
victim's own instead of a VGG's: it is the encoder that is defended. Neither training nor the attack in it uses labels.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.attacks.budget import ascend
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.fronts import Purifier
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.execution.optimisers import Adam
from zepad_engine.plan import Purifying
from zepad_engine.progress import Progress
from zepad_engine.trained import PurifyingRow
from zepad_engine.training.gradients import gradient_norm
from zepad_engine.training.labelled import Labelled


@dataclass(frozen=True, slots=True)
class Purified:
    """A trained purifier in eval mode.

    Attributes:
        untouched: mean feature distance of distorted validation images without a purifier.
        epochs: losses, and the same distance of purified ones, epoch by epoch.
        selected: the epoch that was kept (from 1), that of the least distance.
    """

    purifier: Purifier
    untouched: float
    epochs: tuple[PurifyingRow, ...]
    selected: int

    @property
    def distances(self) -> tuple[float, ...]:
        """The distance after each epoch."""
        return tuple(row.feature_distance for row in self.epochs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distortion:
    """SSP as an attack on each image: steps up the feature distance from a random start within the budget."""

    epsilon: float
    steps: int

    def __call__(self, encoder: nn.Module, images: Tensor, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Images (B, 3, H, W) within ``epsilon`` of ``images`` and in [0, 1]; ``clean`` are their features (B, D)."""
        noise = torch.rand(images.shape, generator=generator).to(images) * 2 - 1
        moved = (images + self.epsilon * noise).clamp(0, 1)
        # Twice the budget in all: from any start every corner can be reached.
        step = 2 * self.epsilon / self.steps
        for _ in range(self.steps):
            moved.requires_grad_(True)
            (gradient,) = torch.autograd.grad(feature_distance(encoder(moved), clean).sum(), moved)
            moved = ascend(images, moved, gradient, step, self.epsilon)
        return moved


def feature_distance(features: Tensor, clean: Tensor) -> Tensor:
    """Distance of each feature (B, D) from the clean one, as a share of the clean one's length, (B,)."""
    distance: Tensor = (features - clean).norm(dim=1) / clean.norm(dim=1).clamp_min(1e-9)
    return distance


def train_purifier(
    encoder: Encoder,
    train: Labelled,
    validation: Labelled,
    plan: Purifying,
    epsilon: float,
    seed: int,
    progress: Progress,
    how: Execution,
) -> Purified:
    """Train a purifier for ``encoder``; the epoch with the least feature distance on the validation images is kept.

    Raises:
        BadInput: the loss became infinite or not a number. Cancelled: within one step.
    """
    purifier, attack = _untrained(seed, how), Distortion(epsilon=epsilon, steps=plan.steps)
    loop = _Loop(purifier, how.for_attack(encoder), attack, plan, train, seed)
    judged = _distorted(loop.encoder, validation, attack, plan.batch)
    untouched = _distance(how, encoder, nn.Identity(), judged)
    rows: list[PurifyingRow] = []
    best, selected = purifier.state_dict(), 0
    for epoch, span in progress.split(range(1, plan.epochs + 1)):
        feature, pixel = loop.epoch(epoch, span)
        rows.append(_row(epoch, feature, pixel, _distance(how, encoder, purifier, judged)))
        span.measure("feature_distance", epoch * loop.steps, rows[-1].feature_distance)
        if rows[-1].feature_distance <= min(row.feature_distance for row in rows):
            best, selected = copy.deepcopy(purifier.state_dict()), epoch
    purifier.load_state_dict(best)
    how.after_training(purifier)
    return Purified(purifier, untouched, tuple(rows), selected)


class _Loop:
    """The purifier as it is trained, and what moves it; ``encoder`` is the one whose features count."""

    def __init__(
        self, purifier: Purifier, encoder: nn.Module, attack: Distortion, plan: Purifying, train: Labelled, seed: int
    ) -> None:
        self.encoder, self.steps = encoder, train.steps(plan.batch)
        self._purifier, self._attack, self._plan, self._train = purifier, attack, plan, train
        self._generator = torch.Generator().manual_seed(seed)
        self._optimiser = Adam(purifier.parameters(), lr=plan.rate)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, plan.epochs * self.steps)

    def epoch(self, epoch: int, progress: Progress) -> tuple[float, float]:
        """One pass over the images: mean losses of features and, weighted, of pixels."""
        plan = self._plan
        mean_feature = mean_pixel = 0.0
        for step, (_, images, _) in enumerate(self._train.batches(plan.batch, self._generator)):
            progress.advance(step / self.steps, f"epoch {epoch} of {plan.epochs}")
            feature, raw = _losses(self.encoder, self._purifier, self._attack, images, self._generator)
            pixel = plan.pixel_weight * raw
            self._optimiser.zero_grad(set_to_none=True)
            (feature + pixel).backward()
            self._optimiser.step()
            self._schedule.step()
            told = float(feature.detach()), float(pixel.detach())
            _report(progress, (epoch - 1) * self.steps + step, *told, self._purifier)
            mean_feature, mean_pixel = mean_feature + told[0] / self.steps, mean_pixel + told[1] / self.steps
        return mean_feature, mean_pixel


def _row(epoch: int, feature: float, pixel: float, distance: float) -> PurifyingRow:
    return PurifyingRow(
        epoch=epoch, feature_loss=feature, pixel_loss=pixel, total=feature + pixel, feature_distance=distance
    )


def _untrained(seed: int, how: Execution) -> Purifier:
    torch.manual_seed(seed)
    purifier = Purifier()
    how.for_training(purifier)
    return purifier


def _losses(
    encoder: nn.Module, purifier: Purifier, attack: Distortion, images: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        clean = encoder(images)
    cleaned = purifier(attack(encoder, images, clean, generator))
    return feature_distance(encoder(cleaned), clean).mean(), functional.mse_loss(cleaned, images)


def _distorted(encoder: nn.Module, data: Labelled, attack: Distortion, batch: int) -> list[tuple[Tensor, Tensor]]:
    """The validation images, clean and distorted, batch by batch: the same at every epoch."""
    generator = torch.Generator().manual_seed(0)
    pairs = []
    for images, _ in data.in_order(batch):
        with torch.no_grad():
            clean = encoder(images)
        pairs.append((images, attack(encoder, images, clean, generator)))
    return pairs


def _distance(how: Execution, encoder: Encoder, front: nn.Module, pairs: list[tuple[Tensor, Tensor]]) -> float:
    """Mean feature distance of distorted images behind a front from the clean ones before it, in float32."""
    scored, cleaning = how.for_scoring(encoder), how.for_scoring(front)
    with torch.inference_mode():
        found = [feature_distance(scored(cleaning(moved)), scored(images)) for images, moved in pairs]
    return float(torch.cat(found).mean())


def _report(progress: Progress, step: int, feature: float, pixel: float, purifier: Purifier) -> None:
    if not math.isfinite(feature + pixel):
        raise BadInput("The purifier's loss is no longer a number.", "Lower its learning rate in the plan.")
    progress.measure("feature_loss", step, feature)
    progress.measure("pixel_loss", step, pixel)
    progress.measure("gradient_norm", step, gradient_norm(purifier))
