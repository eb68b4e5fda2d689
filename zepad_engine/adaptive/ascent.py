"""Sign-gradient ascent whose step shrinks, the loop of the attacks that raise something of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from zepad_engine.adaptive.apgd import Farthest
from zepad_engine.adaptive.base import Target, random_start
from zepad_engine.adaptive.losses import Objective, value_and_gradient
from zepad_engine.adaptive.pgd import SignAscent
from zepad_engine.attacks.budget import ascend
from zepad_engine.attacks.pixel_descent import half_cosine
from zepad_engine.fields import Range
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class ShrinkingAscent(SignAscent):
    """Steps from the whole budget down to nothing along a half cosine; the highest point on the way counts.

    At equal steps (50, emoji, n = 128, cross-entropy of ZePAD's answer) this left 25 %, as APGD did; equal steps of a
    quarter of the budget left 31 %.
    """

    step: Annotated[
        float, Range(low=1e-3, high=2.0, label="First step", step=0.1, unit="of the budget", help="then a half cosine")
    ] = 1.0

    def strike(
        self,
        target: Target,
        images: Tensor,
        labels: Tensor,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Climb from a random start."""
        objective = self.objective(target, images, labels, generator)
        return shrinking_ascent(images, objective, epsilon, self.steps, self.step, generator, progress)


def shrinking_ascent(
    images: Tensor,
    objective: Objective,
    epsilon: float,
    steps: int,
    step: float,
    generator: torch.Generator,
    progress: Progress,
) -> Tensor:
    """Raise an objective of images (B, 3, H, W) from a random point of the L-inf ball.

    Args:
        objective: of moved images, one value each, (B,); asked ``steps`` + 1 times.
        step: length of the first step as a share of epsilon.

    Returns:
        (B, 3, H, W) in [0, 1] and within epsilon of ``images``: for each the point of its highest value.
    """
    moved, highest = random_start(images, epsilon, generator), Farthest(images)
    for number in range(steps):
        progress.advance(number / steps, f"step {number + 1} of {steps}")
        values, gradient = value_and_gradient(objective, moved)
        highest.see(moved, values)
        moved = ascend(images, moved, gradient, step * half_cosine(number / steps) * epsilon, epsilon)
    with torch.no_grad():
        highest.see(moved, objective(moved))
    return highest.images
