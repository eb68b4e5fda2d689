"""PAP, low-level layer lifting attacks (Ban and Dong, NeurIPS 2022): raise early activations (method 2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import torch
from torch import Tensor

from zepad_engine.attacks.gaussian_noise import gaussian_images
from zepad_engine.attacks.stage_attack import STAGE, Objective, StageAttack
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank

_NOISE_IMAGES: Final = 8
_STEPS_PER_DRAW: Final = 20


@dataclass(frozen=True, kw_only=True)
class L4aBase(StageAttack):
    """Maximise mean(a_l(x + delta)^2); the stem, l = 0, as published."""

    key: ClassVar[str] = "l4a_base"
    name: ClassVar[str] = "PAP L4A-base"
    summary: ClassVar[str] = (
        "Raises the activations of an early stage, which is shared by everything built on the encoder."
    )
    citation: ClassVar[str] = "Ban and Dong, Pre-trained Adversarial Perturbations, NeurIPS 2022"
    series: ClassVar[str] = "activation"
    step_seconds: ClassVar[float] = 0.004

    def objective(self, encoder: Encoder, surrogate: ImageBank, generator: torch.Generator) -> Objective:
        """The mean square of the activation."""
        del generator

        def lifted(index: Tensor, crafted: Tensor) -> Tensor:
            return encoder.stages(self.moved(surrogate[index], crafted), self.stage).square().mean()

        return lifted


@dataclass(frozen=True, kw_only=True)
class L4aFuse(StageAttack):
    """Maximise mean(a_l(x + delta)^2) + lambda * mean(a_k(x + delta)^2); l = 0, k = 1 and lambda = 1 as published."""

    key: ClassVar[str] = "l4a_fuse"
    name: ClassVar[str] = "PAP L4A-fuse"
    summary: ClassVar[str] = "Raises the activations of two early stages at once."
    citation: ClassVar[str] = "Ban and Dong, Pre-trained Adversarial Perturbations, NeurIPS 2022"
    series: ClassVar[str] = "activation"
    step_seconds: ClassVar[float] = 0.01

    second_stage: Annotated[int, STAGE] = 1
    weight: Annotated[float, Range(low=0.0, high=1000.0, label="Weight of the second stage", step=0.1)] = 1.0

    def objective(self, encoder: Encoder, surrogate: ImageBank, generator: torch.Generator) -> Objective:
        """The weighted sum of both mean squares."""
        del generator

        def lifted(index: Tensor, crafted: Tensor) -> Tensor:
            moved = self.moved(surrogate[index], crafted)
            first, second = _two_stages(encoder, moved, self.stage, self.second_stage)
            return first.square().mean() + self.weight * second.square().mean()

        with torch.no_grad():
            # The walk through both stages does not look whether they are there; this one does.
            encoder.stages(surrogate[:1], max(self.stage, self.second_stage))
        return lifted


@dataclass(frozen=True, kw_only=True)
class L4aUgs(StageAttack):
    """Maximise mean(a_l(n + delta)^2) + lambda * mean(a_l(x + delta)^2) over 8 noise images n and the real images x.

    The noise is new at every step; the mean and the deviation of each channel are drawn anew every 20 steps, from 0.4
    to 0.6 and from 0.05 to 0.10 (``uniform``), or are ImageNet's. The released code leaves out the last real image of
    each batch; here all of them count.
    """

    key: ClassVar[str] = "l4a_ugs"
    name: ClassVar[str] = "PAP L4A-UGS"
    summary: ClassVar[str] = (
        "Raises early activations on Gaussian noise, so that it hangs less on the surrogate images."
    )
    citation: ClassVar[str] = "Ban and Dong, Pre-trained Adversarial Perturbations, NeurIPS 2022"
    series: ClassVar[str] = "activation"
    step_seconds: ClassVar[float] = 0.006

    noise: Annotated[
        Literal["uniform", "imagenet"], Words(label="Noise", help="mean and deviation of its channels")
    ] = "uniform"
    weight: Annotated[float, Range(low=0.0, high=1000.0, label="Weight of the real images", step=0.01)] = 0.01

    def objective(self, encoder: Encoder, surrogate: ImageBank, generator: torch.Generator) -> Objective:
        """The weighted sum of the mean squares over noise and over images, in one pass."""
        statistics = self._statistics(generator)

        def lifted(index: Tensor, crafted: Tensor) -> Tensor:
            noise = gaussian_images(_NOISE_IMAGES, *next(statistics), surrogate, generator)
            images = torch.cat([noise, surrogate[index]])
            squares = encoder.stages(self.moved(images, crafted), self.stage).square()
            return squares[:_NOISE_IMAGES].mean() + self.weight * squares[_NOISE_IMAGES:].mean()

        return lifted

    def _statistics(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
        while True:
            if self.noise == "uniform":
                mean = 0.4 + 0.2 * torch.rand(3, generator=generator)
                deviation = 0.05 + 0.05 * torch.rand(3, generator=generator)
            for _ in range(_STEPS_PER_DRAW):
                yield mean, deviation


def _two_stages(encoder: Encoder, images: Tensor, first: int, second: int) -> tuple[Tensor, Tensor]:
    kept: list[Tensor] = []
    with encoder.arithmetic(images.device):
        activation = encoder.normalise(images)
        for index in range(max(first, second) + 1):
            activation = encoder.backbone.stage(activation, index)
            kept.append(activation)
    return kept[first].float(), kept[second].float()
