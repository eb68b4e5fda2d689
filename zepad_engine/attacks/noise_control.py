"""What the controls share: noise of the budget's size, aimed at nothing."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import Attack
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class NoiseControl(Attack):
    """One pattern for every image, drawn without a look at the encoder; the victim's pictures give the size."""

    citation: ClassVar[str] = "Control; Carlini et al., On Evaluating Adversarial Robustness, 2019, asks for it"
    origin: ClassVar[str] = "victim"

    @property
    def total_steps(self) -> int:
        """No optimiser."""
        return 0

    def craft(
        self, encoder: Encoder, surrogate: ImageBank, epsilon: float, generator: torch.Generator, progress: Progress
    ) -> Tensor:
        """Draw the noise."""
        del encoder
        progress.advance(0.0, "drawing noise")
        return self.drawn(surrogate.shape, epsilon, generator)

    @abstractmethod
    def drawn(self, shape: tuple[int, ...], epsilon: float, generator: torch.Generator) -> Tensor:
        """The pattern (3, H, W) within [-epsilon, epsilon]."""
