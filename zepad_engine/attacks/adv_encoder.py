"""AdvEncoder-PER (Zhou et al., ICCV 2023): a generator's map that drives features away from their clean selves."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.adv_encoder_loss import AdvEncoderLoss
from zepad_engine.attacks.base import clean_features, shuffled_batches
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.attacks.generator import PerturbationGenerator
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.optimisers import Adam
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class AdvEncoder(AdvEncoderLoss):
    """The published form: a generator is trained; its map of the last step becomes what is laid on the images."""

    citation: ClassVar[str] = "Zhou et al., Downstream-agnostic Adversarial Examples, ICCV 2023"
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"latents": 64, "divisor": 8, "rate": 1e-3, "steps": 90, "batch": 64},
        "standard": {"latents": 64, "divisor": 8, "rate": 1e-3, "steps": 240, "batch": 256},
        "paper": {"latents": 256, "divisor": 1, "rate": 2e-4, "steps": 3920, "batch": 256},
    }

    step_seconds: ClassVar[float] = 0.16

    rate: Annotated[
        float, Range(low=1e-6, high=1.0, label="Learning rate", step=1e-4, help="Adam, betas 0.5 and 0.999")
    ] = 1e-3
    latents: Annotated[int, Range(low=1, high=4096, label="Latents", step=16, help="256 in the released code")] = 64
    divisor: Annotated[
        int, Range(low=1, high=64, label="Generator narrowing", help="1 = the released code's width")
    ] = 8
    batch_statistics: Annotated[
        bool,
        Words(label="Batch statistics", help="the release's encoder slips into train mode after its first epoch"),
    ] = False

    @abstractmethod
    def shaped(self, drawn: Tensor, epsilon: float) -> Tensor:
        """The perturbation out of the generator's map (3, H, W), which is unbounded."""

    @abstractmethod
    def moved(self, images: Tensor, crafted: Tensor) -> Tensor:
        """Images (B, 3, H, W) under the perturbation."""

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Train the generator; it stays in train mode, as in the release."""
        net = surrogate.host(PerturbationGenerator(surrogate.shape[-1], self.latents, self.divisor, generator))
        latents = surrogate.place(torch.randn(self.latents, 100, 1, 1, generator=generator))
        optimiser = Adam(net.parameters(), lr=self.rate, betas=(0.5, 0.999), fused=True)
        clean = clean_features(encoder, surrogate)
        crafted = torch.zeros(surrogate.shape)
        for step, index in enumerate(shuffled_batches(len(surrogate), self.batch, self.steps, generator)):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            images = surrogate[index]
            crafted = self.shaped(net(latents), epsilon)
            before = self._clean(encoder, images, clean, index, step)
            loss, nce = self.loss(encoder, images, before, self.moved(images, crafted))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress.measure("info_nce", step, nce)
        encoder.eval()
        return crafted

    def _clean(self, encoder: Encoder, images: Tensor, clean: Tensor, index: Tensor, step: int) -> Tensor:
        """Clean features of a batch; from the second epoch those of batch statistics, if the release is repeated."""
        if not self.batch_statistics or step * self.batch < len(clean):
            return clean[index]
        encoder.train()
        with torch.no_grad():
            features: Tensor = encoder(images)
        return features


@dataclass(frozen=True, kw_only=True)
class AdvEncoderPer(AdvEncoder):
    """The map is clipped to the budget and added."""

    key: ClassVar[str] = "advencoder_per"
    name: ClassVar[str] = "AdvEncoder-PER"
    summary: ClassVar[str] = (
        "A generator learns one perturbation that moves every image away from its own clean feature."
    )

    clamp: Annotated[bool, Words(label="Keep images in [0, 1]", help="off in the released code")] = True

    def shaped(self, drawn: Tensor, epsilon: float) -> Tensor:
        """The map, clipped to [-epsilon, epsilon]."""
        return project(drawn, epsilon)

    def moved(self, images: Tensor, crafted: Tensor) -> Tensor:
        """Images plus the perturbation."""
        return perturb(images, crafted, clamp=self.clamp)
