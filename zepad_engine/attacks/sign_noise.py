"""The control: random signs of full size. An attack that does no better than this has found nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import Attack
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class SignNoise(Attack):
    """Each value is +epsilon or -epsilon with equal chance, the same pattern on every image."""

    key: ClassVar[str] = "sign_noise"
    name: ClassVar[str] = "Sign noise (control)"
    summary: ClassVar[str] = "Random signs of the same size: what any perturbation does, whether aimed or not."
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
        """Draw the signs."""
        del encoder
        progress.advance(0.0, "drawing signs")
        signs = torch.randint(0, 2, surrogate.shape, generator=generator)
        return (signs * 2 - 1) * epsilon
