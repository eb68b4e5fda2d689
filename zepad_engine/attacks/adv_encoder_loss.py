"""The loss of AdvEncoder (Zhou et al., ICCV 2023), shared by every way of minimising it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from zepad_engine.attacks.base import EncoderAttack
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range
from zepad_engine.objectives import high_pass, info_nce

_REFERENCE_SIZE = 64


@dataclass(frozen=True, kw_only=True)
class AdvEncoderLoss(EncoderAttack):
    """Loss 5 * (-InfoNCE) + MSE(x', x) - MSE(HP(x), HP(x')) on batches of the attacker's images."""

    steps: Annotated[int, Range(low=1, high=100_000, label="Steps", step=10, unit="steps")] = 240
    batch: Annotated[int, Range(low=2, high=4096, label="Batch", step=32, unit="images")] = 256
    temperature: Annotated[float, Range(low=0.01, high=10.0, label="InfoNCE temperature", step=0.05)] = 0.1
    radius: Annotated[
        float,
        Range(low=0, high=256, label="High-pass radius", unit="at 64 px", help="scaled with the picture's side"),
    ] = 8.0
    adversarial: Annotated[float, Range(low=0, high=1000, label="Weight of InfoNCE")] = 5.0
    quality: Annotated[float, Range(low=0, high=1000, label="Weight of quality")] = 1.0
    frequency: Annotated[float, Range(low=0, high=1000, label="Weight of high frequencies")] = 1.0

    @property
    def total_steps(self) -> int:
        """Optimiser steps."""
        return self.steps

    def loss(self, encoder: Encoder, images: Tensor, clean: Tensor, moved: Tensor) -> tuple[Tensor, float]:
        """The loss and InfoNCE of images (B, 3, H, W) with clean features (B, D), and what became of them."""
        nce = info_nce(clean, encoder(moved), self.temperature)
        radius = self.radius * images.shape[-1] / _REFERENCE_SIZE
        # The high-pass is linear: HP(x') - HP(x) = HP(x' - x).
        lost = high_pass(moved - images, radius).square().mean()
        quality = (moved - images).square().mean()
        return -self.adversarial * nce + self.quality * quality - self.frequency * lost, float(nce.detach())
