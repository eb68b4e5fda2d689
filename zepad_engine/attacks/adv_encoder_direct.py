"""AdvEncoder's loss without its generator: the perturbation itself is what is optimised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.adv_encoder_loss import AdvEncoderLoss
from zepad_engine.attacks.base import clean_features, shuffled_batches, uniform_start
from zepad_engine.attacks.budget import project
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class AdvEncoderDirect(AdvEncoderLoss):
    """Sign-gradient descent with a step that shrinks to nothing along a half cosine, from a uniform start."""

    key: ClassVar[str] = "advencoder_direct"
    name: ClassVar[str] = "AdvEncoder, direct"
    summary: ClassVar[str] = "The loss of AdvEncoder-PER, minimised over the perturbation's own pixels."
    citation: ClassVar[str] = "Loss: Zhou et al., ICCV 2023; optimised here without the generator"
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 240, "batch": 64},
        "standard": {"steps": 720, "batch": 64},
        "paper": {"steps": 3920, "batch": 256},
    }

    step_seconds: ClassVar[float] = 0.14

    step_size: Annotated[
        float, Range(low=1e-5, high=1.0, label="First step", step=1e-3, unit="of the budget", help="then a half cosine")
    ] = 0.4

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Descend."""
        clean = clean_features(encoder, surrogate)
        crafted = uniform_start(surrogate, epsilon, generator)
        for step, index in enumerate(shuffled_batches(len(surrogate), self.batch, self.steps, generator)):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            crafted.requires_grad_(True)
            loss, nce = self.loss(encoder, surrogate[index], clean[index], crafted)
            (gradient,) = torch.autograd.grad(loss, crafted)
            length = self.step_size * epsilon * half_cosine(step / self.steps)
            crafted = project(crafted.detach() - length * gradient.sign(), epsilon)
            progress.measure("info_nce", step, nce)
        return crafted


def half_cosine(done: float) -> float:
    """1 at 0, 0 at 1."""
    return (1 + math.cos(math.pi * done)) / 2
