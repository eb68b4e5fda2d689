"""NRP: a purifier trained to give distorted images the features of clean ones (Naseer et al., CVPR 2020, Sec. 3).

Left out: the relativistic critic, whose weight in the paper is 0.005 of that of the features. The features are the
victim's own instead of a VGG's: it is the encoder that is defended. Neither training nor the attack in it uses labels.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.attacks.budget import ascend
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.fronts import Purifier
from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import Execution
from zepad_engine.plan import Purifying
from zepad_engine.progress import Progress
from zepad_engine.training.gradients import gradient_norm
from zepad_engine.training.labelled import Labelled

# Of 0.01 (the paper's, its pixel range unsaid), 10 and 100 after six epochs of 1,000 images, one seed, n = 400:
# BA 73, 74, 76 and RA under AdvEncoder-PER 55, 61, 66 %, means of signs, satellite and emoji.
_PIXEL_WEIGHT: Final = 100.0


@dataclass(frozen=True, slots=True)
class Purified:
    """A trained purifier in eval mode.

    Attributes:
        untouched: mean feature distance of distorted validation images without a purifier.
        distances: the same of purified ones after each epoch.
        selected: the epoch that was kept (from 1), that of the least distance.
    """

    purifier: Purifier
    untouched: float
    distances: tuple[float, ...]
    selected: int


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
    purifier = _untrained(seed, how)
    attacked, attack = how.for_attack(encoder), Distortion(epsilon=epsilon, steps=plan.steps)
    generator, steps = torch.Generator().manual_seed(seed), train.steps(plan.batch)
    optimiser = torch.optim.Adam(purifier.parameters(), lr=plan.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs * steps)
    judged = _distorted(attacked, validation, attack, plan.batch)
    untouched = _distance(how, encoder, nn.Identity(), judged)
    distances: list[float] = []
    best, selected = purifier.state_dict(), 0
    for epoch, span in progress.split(range(1, plan.epochs + 1)):
        for step, (_, images, _) in enumerate(train.batches(plan.batch, generator)):
            span.advance(step / steps, f"epoch {epoch} of {plan.epochs}")
            feature, pixel = _losses(attacked, purifier, attack, images, generator)
            optimiser.zero_grad(set_to_none=True)
            (feature + _PIXEL_WEIGHT * pixel).backward()
            optimiser.step()
            schedule.step()
            _report(span, (epoch - 1) * steps + step, float(feature.detach()), float(pixel.detach()), purifier)
        distances.append(_distance(how, encoder, purifier, judged))
        span.measure("feature_distance", epoch * steps, distances[-1])
        if distances[-1] <= min(distances):
            best, selected = copy.deepcopy(purifier.state_dict()), epoch
    purifier.load_state_dict(best)
    how.after_training(purifier)
    return Purified(purifier, untouched, tuple(distances), selected)


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
    weighted = _PIXEL_WEIGHT * pixel
    if not math.isfinite(feature + weighted):
        raise BadInput("The purifier's loss is no longer a number.", "Lower its learning rate in the plan.")
    progress.measure("feature_loss", step, feature)
    progress.measure("pixel_loss", step, weighted)
    progress.measure("gradient_norm", step, gradient_norm(purifier))
