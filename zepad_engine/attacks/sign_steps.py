"""The loop of attacks that step along the sign of a gradient on the perturbation itself, without a generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from zepad_engine.attacks.base import shuffled_batches, uniform_start
from zepad_engine.attacks.budget import project
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

# Index (B,) of a batch and the perturbation (3, H, W) to what is pushed, a scalar, and to the value that is plotted.
Pushed: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, float]]


class Stepping(Protocol):
    """An attack as the loop sees it."""

    @property
    def steps(self) -> int:
        """How many."""

    @property
    def batch(self) -> int:
        """Images per step."""

    @property
    def series(self) -> str:
        """Name of its live curve."""


def sign_steps(
    attack: Stepping,
    pushed: Pushed,
    length: Callable[[float], float],
    surrogate: ImageBank,
    epsilon: float,
    generator: torch.Generator,
    progress: Progress,
) -> Tensor:
    """Push from a uniform start, clamped to the budget each step; gives back the perturbation (3, H, W).

    ``length`` is that of a step, in pixel values, by the share of the steps done; below 0 the scalar is lowered.
    """
    crafted = uniform_start(surrogate, epsilon, generator)
    for step, index in enumerate(shuffled_batches(len(surrogate), attack.batch, attack.steps, generator)):
        progress.advance(step / attack.steps, f"step {step + 1} of {attack.steps}")
        crafted.requires_grad_(True)
        reached, value = pushed(index, crafted)
        (gradient,) = torch.autograd.grad(reached, crafted)
        crafted = project(crafted.detach() + length(step / attack.steps) * gradient.sign(), epsilon)
        progress.measure(attack.series, step, value)
    return crafted
