"""AdvEncoder-PER (Zhou et al., ICCV 2023): a generator's map that drives features away from their clean selves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.attacks.base import Attack, shuffled_batches
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.attacks.generator import PerturbationGenerator
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution import fast_arithmetic
from zepad_engine.fields import Range, Words
from zepad_engine.objectives import high_pass, info_nce
from zepad_engine.progress import Progress

_REFERENCE_SIZE = 64


@dataclass(frozen=True, kw_only=True)
class AdvEncoderPer(Attack):
    """Loss 5 * (-InfoNCE) + MSE(x', x) - MSE(HP(x), HP(x')); Adam; the generator stays in train mode."""

    key: ClassVar[str] = "advencoder_per"
    name: ClassVar[str] = "AdvEncoder-PER"
    summary: ClassVar[str] = (
        "A generator learns one perturbation that moves every image away from its own clean feature."
    )
    citation: ClassVar[str] = "Zhou et al., Downstream-agnostic Adversarial Examples, ICCV 2023"
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"latents": 64, "divisor": 8, "rate": 1e-3, "steps": 90},
        "standard": {"latents": 64, "divisor": 8, "rate": 1e-3, "steps": 240},
        "paper": {"latents": 256, "divisor": 1, "rate": 2e-4, "steps": 3920},
    }

    step_seconds: ClassVar[float] = 0.25

    steps: Annotated[int, Range(low=1, high=100_000, label="Steps", step=10, unit="steps")] = 240
    batch: Annotated[int, Range(low=2, high=4096, label="Batch", step=32, unit="images")] = 256
    rate: Annotated[
        float, Range(low=1e-6, high=1.0, label="Learning rate", step=1e-4, help="Adam, betas 0.5 and 0.999")
    ] = 1e-3
    latents: Annotated[int, Range(low=1, high=4096, label="Latents", step=16, help="256 in the released code")] = 64
    divisor: Annotated[
        int, Range(low=1, high=64, label="Generator narrowing", help="1 = the released code's width")
    ] = 8
    temperature: Annotated[float, Range(low=0.01, high=10.0, label="InfoNCE temperature", step=0.05)] = 0.1
    radius: Annotated[
        float,
        Range(low=0, high=256, label="High-pass radius", unit="at 64 px", help="scaled with the picture's side"),
    ] = 8.0
    adversarial: Annotated[float, Range(low=0, high=1000, label="Weight of InfoNCE")] = 5.0
    quality: Annotated[float, Range(low=0, high=1000, label="Weight of quality")] = 1.0
    frequency: Annotated[float, Range(low=0, high=1000, label="Weight of high frequencies")] = 1.0
    clamp: Annotated[bool, Words(label="Keep images in [0, 1]", help="off in the released code")] = True
    batch_statistics: Annotated[
        bool,
        Words(label="Batch statistics", help="the release's encoder slips into train mode after its first epoch"),
    ] = False

    @property
    def total_steps(self) -> int:
        """Generator steps."""
        return self.steps

    def craft(
        self,
        encoder: Encoder,
        surrogate: Tensor,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Train the generator; the map of the last step is the perturbation, as in the release."""
        device = next(encoder.parameters()).device
        net = PerturbationGenerator(surrogate.shape[-1], self.latents, self.divisor, generator).to(device)
        latents = torch.randn(self.latents, 100, 1, 1, generator=generator).to(device)
        optimiser = torch.optim.Adam(net.parameters(), lr=self.rate, betas=(0.5, 0.999))
        crafted = torch.zeros(surrogate.shape[1:])
        for step, index in enumerate(shuffled_batches(len(surrogate), self.batch, self.steps, generator)):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            self._set_mode(encoder, step, len(surrogate))
            crafted = project(net(latents), epsilon)
            loss, nce = self._loss(encoder, surrogate[index].to(device), crafted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress.measure("info_nce", step, nce)
        encoder.eval()
        return crafted

    def _set_mode(self, encoder: Encoder, step: int, count: int) -> None:
        first_epoch = step * self.batch < count
        encoder.train(self.batch_statistics and not first_epoch)

    def _loss(self, encoder: Encoder, images: Tensor, crafted: Tensor) -> tuple[Tensor, float]:
        moved = perturb(images, crafted, clamp=self.clamp)
        with fast_arithmetic(images.device):
            with torch.no_grad():
                clean = encoder(images)
            features = encoder(moved)
        nce = info_nce(clean.float(), features.float(), self.temperature)
        radius = self.radius * images.shape[-1] / _REFERENCE_SIZE
        # The high-pass is linear: HP(x') - HP(x) = HP(x' - x).
        lost = high_pass(moved - images, radius).square().mean()
        quality = (moved - images).square().mean()
        return -self.adversarial * nce + self.quality * quality - self.frequency * lost, float(nce.detach())
