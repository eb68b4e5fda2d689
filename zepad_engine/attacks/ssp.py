"""SSP, self-supervised perturbation (Naseer et al., CVPR 2020), in the universal form PAP compares with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import Attack, CleanActivations, shuffled_batches, uniform_start
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Ssp(Attack):
    """Maximise MSE(a_l(x)^2, a_l(x + delta)^2) by sign-gradient ascent from a uniform start (method 2.3)."""

    key: ClassVar[str] = "ssp"
    name: ClassVar[str] = "SSP"
    summary: ClassVar[str] = "Distorts the activations of a middle stage as far as the budget allows."
    citation: ClassVar[str] = (
        "Naseer et al., A Self-supervised Approach for Adversarial Robustness, CVPR 2020; "
        "universal form as in Ban and Dong, NeurIPS 2022"
    )
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 300},
        "standard": {"steps": 1000},
        "paper": {"steps": 30_000},
    }

    step_seconds: ClassVar[float] = 0.012

    steps: Annotated[int, Range(low=1, high=1_000_000, label="Steps", step=100, unit="steps")] = 1000
    step_size: Annotated[float, Range(low=1e-5, high=1.0, label="Step", step=1e-4, unit="of the pixel range")] = 2e-4
    batch: Annotated[int, Range(low=1, high=4096, label="Batch", unit="images")] = 16
    stage: Annotated[
        int, Range(low=0, high=4, label="Stage", help="0 = stem, 1 to 4 = residual stages; 2 as published")
    ] = 2
    clamp: Annotated[bool, Words(label="Keep images in [0, 1]", help="off in the released code")] = True

    @property
    def total_steps(self) -> int:
        """Ascent steps."""
        return self.steps

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Ascend; both forward passes stop at the chosen stage."""
        clean = CleanActivations(lambda images: encoder.stages(images, self.stage), surrogate)
        crafted = uniform_start(surrogate, epsilon, generator)
        for step, index in enumerate(shuffled_batches(len(surrogate), self.batch, self.steps, generator)):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            crafted.requires_grad_(True)
            moved = encoder.stages(perturb(surrogate[index], crafted, clamp=self.clamp), self.stage)
            distortion = (moved.square() - clean[index].square()).square().mean()
            (gradient,) = torch.autograd.grad(distortion, crafted)
            crafted = project(crafted.detach() + self.step_size * gradient.sign(), epsilon)
            progress.measure("distortion", step, float(distortion.detach()))
        return crafted
