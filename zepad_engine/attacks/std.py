"""Dispersion reduction (Lu et al., CVPR 2020), the rival PAP calls STD, in the universal form PAP compares with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from zepad_engine.attacks.stage_attack import STAGE, Objective, StageAttack
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.images.image_bank import ImageBank


@dataclass(frozen=True, kw_only=True)
class Std(StageAttack):
    """Minimise the standard deviation of a_l(x + delta); published with stage 2 of a ResNet, block 3 of a ViT.

    The deviation (with n - 1) is taken over all values of one image's activation, as Lu et al. define dispersion, and
    averaged over the batch: what differs between images is not dispersion.
    """

    key: ClassVar[str] = "std"
    name: ClassVar[str] = "STD (dispersion reduction)"
    summary: ClassVar[str] = "Flattens the activations of a middle stage until nothing in the image stands out."
    citation: ClassVar[str] = (
        "Lu et al., Enhancing Cross-Task Black-Box Transferability of Adversarial Examples With Dispersion Reduction, "
        "CVPR 2020; universal form as in Ban and Dong, NeurIPS 2022"
    )
    series: ClassVar[str] = "dispersion"
    direction: ClassVar[Literal[1, -1]] = -1
    step_seconds: ClassVar[float] = 0.012

    stage: Annotated[int, STAGE] = 2

    def objective(self, encoder: Encoder, surrogate: ImageBank, generator: torch.Generator) -> Objective:
        """The mean over the batch of each activation's standard deviation."""
        del generator

        def dispersion(index: Tensor, crafted: Tensor) -> Tensor:
            activation = encoder.stages(self.moved(surrogate[index], crafted), self.stage)
            return activation.flatten(1).std(dim=1).mean()

        return dispersion
