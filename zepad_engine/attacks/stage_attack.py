"""The common ground of attacks that push the activation of a stage, as PAP runs them (Ban and Dong, NeurIPS 2022)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import torch
from torch import Tensor

from zepad_engine.attacks.base import EncoderAttack
from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.sign_steps import sign_steps
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

Objective = Callable[[Tensor, Tensor], Tensor]

# 40 is the depth of the deepest vision transformer in use; an encoder says itself which stages it has.
STAGE: Final = Range(
    low=0, high=40, label="Stage", help="0 = stem or patches, then the residual stages of a ResNet, the blocks of a ViT"
)


@dataclass(frozen=True, kw_only=True)
class StageAttack(EncoderAttack):
    """Sign-gradient steps from a uniform start, clamped to the budget each step; the subclass says what is pushed.

    ``direction`` is 1 where the objective is raised and -1 where it is lowered; ``series`` names its live curve.
    """

    series: ClassVar[str]
    direction: ClassVar[Literal[1, -1]] = 1
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 300},
        "standard": {"steps": 1000},
        "paper": {"steps": 30_000},
    }

    steps: Annotated[int, Range(low=1, high=1_000_000, label="Steps", step=100, unit="steps")] = 1000
    step_size: Annotated[
        float,
        Range(low=1e-5, high=1.0, label="Step", step=1e-4, unit="of the pixel range", help="2e-4 in the paper"),
    ] = 2e-4
    batch: Annotated[int, Range(low=1, high=4096, label="Batch", unit="images")] = 16
    stage: Annotated[int, STAGE] = 0
    clamp: Annotated[bool, Words(label="Keep images in [0, 1]", help="off in the released code")] = True

    @property
    def total_steps(self) -> int:
        """Sign-gradient steps."""
        return self.steps

    @abstractmethod
    def objective(self, encoder: Encoder, surrogate: ImageBank, generator: torch.Generator) -> Objective:
        """What is pushed.

        Returns:
            a function of the images' index (B,) and the perturbation (3, H, W), called once per step. It gives a
            scalar and computes no stage after the last one it needs.

        Raises:
            BadInput: the encoder has no such stage (here or at the first call).
        """

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Step up or down the objective."""
        objective = self.objective(encoder, surrogate, generator)

        def pushed(index: Tensor, crafted: Tensor) -> tuple[Tensor, float]:
            reached = objective(index, crafted)
            return reached, float(reached.detach())

        length = self.direction * self.step_size
        return sign_steps(self, pushed, lambda _done: length, surrogate, epsilon, generator, progress)

    def moved(self, images: Tensor, perturbation: Tensor) -> Tensor:
        """Images (B, 3, H, W) plus the perturbation, clamped to [0, 1] unless ``clamp`` is off."""
        return perturb(images, perturbation, clamp=self.clamp)
