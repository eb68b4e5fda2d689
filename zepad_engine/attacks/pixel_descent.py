"""The loop of attacks that descend on the pixels of the perturbation itself, without a generator."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import Attack
from zepad_engine.attacks.sign_steps import Pushed, sign_steps
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class PixelDescent(Attack):
    """Sign-gradient descent with a step that shrinks to nothing along a half cosine, from a uniform start."""

    series: ClassVar[str]

    steps: Annotated[int, Range(low=1, high=100_000, label="Steps", step=10, unit="steps")] = 720
    batch: Annotated[int, Range(low=2, high=4096, label="Batch", step=32, unit="images")] = 64
    step_size: Annotated[
        float, Range(low=1e-5, high=1.0, label="First step", step=1e-3, unit="of the budget", help="then a half cosine")
    ] = 0.4
    clamp: Annotated[bool, Words(label="Keep images in [0, 1]", help="off in the released code")] = True

    @property
    def total_steps(self) -> int:
        """Descent steps."""
        return self.steps

    @abstractmethod
    def objective(self, encoder: Encoder, surrogate: ImageBank) -> Pushed:
        """What is minimised; whatever it needs of the clean images is computed here, once."""

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Descend."""
        objective = self.objective(encoder, surrogate)

        def length(done: float) -> float:
            return -self.step_size * epsilon * half_cosine(done)

        return sign_steps(self, objective, length, surrogate, epsilon, generator, progress)


def half_cosine(done: float) -> float:
    """1 at 0, 0 at 1."""
    return (1 + math.cos(math.pi * done)) / 2
