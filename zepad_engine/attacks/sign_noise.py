"""The control: random signs of full size. An attack that does no better than this has found nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.noise_control import NoiseControl


@dataclass(frozen=True, kw_only=True)
class SignNoise(NoiseControl):
    """Each value is +epsilon or -epsilon with equal chance, the same pattern on every image."""

    key: ClassVar[str] = "sign_noise"
    name: ClassVar[str] = "Sign noise (control)"
    summary: ClassVar[str] = "Random signs of the same size: what any perturbation does, whether aimed or not."

    def drawn(self, shape: tuple[int, ...], epsilon: float, generator: torch.Generator) -> Tensor:
        """Signs."""
        return (torch.randint(0, 2, shape, generator=generator) * 2 - 1) * epsilon
