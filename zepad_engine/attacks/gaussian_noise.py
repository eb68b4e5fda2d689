"""Gaussian noise: as a control beside sign noise, and as images for attacks that have none or want more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.budget import project
from zepad_engine.attacks.noise_control import NoiseControl
from zepad_engine.images.image_bank import ImageBank


@dataclass(frozen=True, kw_only=True)
class GaussianNoise(NoiseControl):
    """Each value is drawn from N(0, (epsilon / 2)^2) and clipped to the budget, which one in 22 values reaches.

    Its root mean square is 0.48 epsilon, half that of sign noise: a control for attacks that do not fill the budget.
    """

    key: ClassVar[str] = "gaussian_noise"
    name: ClassVar[str] = "Gaussian noise (control)"
    summary: ClassVar[str] = "Random values of about half the size, clipped to the budget: a milder control than signs."

    def drawn(self, shape: tuple[int, ...], epsilon: float, generator: torch.Generator) -> Tensor:
        """Normal values, clipped."""
        return project(torch.randn(shape, generator=generator) * (epsilon / 2), epsilon)


def gaussian_images(
    count: int, mean: Tensor, deviation: Tensor, surrogate: ImageBank, generator: torch.Generator
) -> Tensor:
    """Noise as large as the surrogate images and beside them, (count, 3, H, W), not clipped to [0, 1].

    Args:
        count: how many.
        mean: of each channel, (3,).
        deviation: of each channel, (3,).
        surrogate: the images whose shape and place are taken.
        generator: draws the noise.
    """
    noise = torch.randn((count, *surrogate.shape), generator=generator)
    return surrogate.place(noise * deviation.view(3, 1, 1) + mean.view(3, 1, 1))
