"""SSP, self-supervised perturbation (Naseer et al., CVPR 2020), in the universal form PAP compares with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import CleanActivations
from zepad_engine.attacks.stage_attack import STAGE, Objective, StageAttack
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank


@dataclass(frozen=True, kw_only=True)
class Ssp(StageAttack):
    """Maximise MSE(a_l(x)^2, a_l(x + delta)^2) (method 2.3); published with stage 2 of a ResNet, block 5 of a ViT."""

    key: ClassVar[str] = "ssp"
    name: ClassVar[str] = "SSP"
    summary: ClassVar[str] = "Distorts the activations of a middle stage as far as the budget allows."
    citation: ClassVar[str] = (
        "Naseer et al., A Self-supervised Approach for Adversarial Robustness, CVPR 2020; "
        "universal form as in Ban and Dong, NeurIPS 2022"
    )
    series: ClassVar[str] = "distortion"
    step_seconds: ClassVar[float] = 0.012

    stage: Annotated[int, STAGE] = 2

    def objective(self, encoder: Encoder, surrogate: ImageBank, generator: torch.Generator) -> Objective:
        """The mean squared difference of the squared activations, clean ones computed once."""
        del generator
        clean = CleanActivations(lambda images: encoder.stages(images, self.stage), surrogate)

        def distortion(index: Tensor, crafted: Tensor) -> Tensor:
            moved = encoder.stages(self.moved(surrogate[index], crafted), self.stage)
            return (moved.square() - clean[index].square()).square().mean()

        return distortion
