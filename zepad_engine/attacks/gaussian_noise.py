"""Gaussian noise: as a control beside sign noise, and as images for attacks that have none or want more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import Attack
from zepad_engine.attacks.budget import project
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class GaussianNoise(Attack):
    """Each value is drawn from N(0, (epsilon / 2)^2) and clipped to the budget, which one in 22 values reaches.

    Its root mean square is 0.48 epsilon, half that of sign noise: a control for attacks that do not fill the budget.
    """

    key: ClassVar[str] = "gaussian_noise"
    name: ClassVar[str] = "Gaussian noise (control)"
    summary: ClassVar[str] = "Random values of about half the size, clipped to the budget: a milder control than signs."
    citation: ClassVar[str] = "Control; Carlini et al., On Evaluating Adversarial Robustness, 2019, asks for it"
    # Aimed at nothing; the victim's pictures give the size.
    origin: ClassVar[str] = "victim"

    @property
    def total_steps(self) -> int:
        """No optimiser."""
        return 0

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Draw the values."""
        del encoder
        progress.advance(0.0, "drawing noise")
        return project(torch.randn(surrogate.shape, generator=generator) * (epsilon / 2), epsilon)


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
