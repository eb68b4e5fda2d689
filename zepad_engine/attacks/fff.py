"""FFF and its successor GD-UAP (Mopuri et al., BMVC 2017, TPAMI 2018), data-free, as PAP runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import torch
from torch import Tensor, nn

from zepad_engine.attacks.base import EncoderAttack, uniform_start
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.attacks.gaussian_noise import gaussian_images
from zepad_engine.card import IMAGENET_MEAN, IMAGENET_STD
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.execution.optimisers import Adam
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

# A layer that is silent everywhere has no logarithm; below this it counts as silent and gives no gradient.
_LEAST_ENERGY: Final = 1e-12
_STANDSTILL: Final = 1e-5
_SATURATED: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Fff(EncoderAttack):
    """Minimise -sum over layers of log(sum(a^2) / 2) by Adam, clamped to the budget each step (method 2.3).

    a are the outputs of the convolutions, with the batch norm that is folded into them where it is (fast arithmetic);
    of a net with no more than one, a transformer, those of its linear maps too. The net is shown delta on Gaussian
    noise with ImageNet's mean and deviation (new at every step), delta on one surrogate image (the same at every
    step), both clipped to [0, 1], or delta alone, which is not clipped, as released.

    Where the share of values at the edge of the budget is over a half and has changed by less than 1e-5, delta is
    halved before the next step; never after the last.
    """

    key: ClassVar[str] = "fff"
    name: ClassVar[str] = "FFF (data-free)"
    summary: ClassVar[str] = "Overloads every convolution at once and needs no images, or a single one."
    citation: ClassVar[str] = (
        "Mopuri et al., Fast Feature Fool, BMVC 2017, and Generalizable Data-free Objective for Crafting Universal "
        "Adversarial Perturbations, TPAMI 2018; as in Ban and Dong, NeurIPS 2022"
    )
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 300},
        "standard": {"steps": 1000},
        "paper": {"steps": 10_000},
    }
    step_seconds: ClassVar[float] = 0.008

    steps: Annotated[int, Range(low=1, high=1_000_000, label="Steps", step=100, unit="steps")] = 1000
    rate: Annotated[
        float, Range(low=1e-5, high=1.0, label="Adam learning rate", step=0.01, help="0.1 in the released code")
    ] = 0.1
    prior: Annotated[Literal["gaussian", "one_image", "none"], Words(label="Prior", help="what delta is added to")] = (
        "gaussian"
    )

    @property
    def total_steps(self) -> int:
        """Adam steps."""
        return self.steps

    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Descend."""
        shown = self.shown(surrogate, generator)
        crafted = uniform_start(surrogate, epsilon, generator).requires_grad_(True)
        optimiser = Adam([crafted], lr=self.rate)
        before, now = 0.0, 0.0
        for step in range(self.steps):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            if now > _SATURATED and abs(now - before) < _STANDSTILL:
                crafted.data.div_(2)
            energy = log_energy(encoder, shown(crafted))
            (crafted.grad,) = torch.autograd.grad(-energy, crafted)
            optimiser.step()
            crafted.data.copy_(project(crafted.data, epsilon))
            before, now = now, float((crafted.data.abs() == epsilon).float().mean())
            progress.measure("log_energy", step, float(energy.detach()))
        return crafted

    def shown(self, surrogate: ImageBank, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
        """What the net is shown of a perturbation (3, H, W): images (1, 3, H, W)."""
        if self.prior == "none":
            return lambda crafted: crafted[None]
        if self.prior == "one_image":
            image = surrogate[torch.randint(len(surrogate), (1,), generator=generator)]
            return lambda crafted: perturb(image, crafted)
        mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
        return lambda crafted: perturb(gaussian_images(1, mean, deviation, surrogate, generator), crafted)


def log_energy(encoder: Encoder, images: Tensor) -> Tensor:
    """The sum over layers of log(sum(a^2) / 2), a scalar; each sum runs over all images (B, 3, H, W) and values."""
    with _heard(_layers(encoder)) as activations:
        encoder(images)
        energies = [activation.float().square().sum() / 2 for activation in activations]
    return torch.stack(energies).clamp_min(_LEAST_ENERGY).log().sum()


def _layers(encoder: Encoder) -> list[nn.Module]:
    convolutions = [part for part in encoder.modules() if isinstance(part, nn.Conv2d)]
    if len(convolutions) > 1:
        return [*convolutions]
    return [part for part in encoder.modules() if isinstance(part, nn.Conv2d | nn.Linear)]


@contextmanager
def _heard(layers: list[nn.Module]) -> Iterator[list[Tensor]]:
    """What the layers give back while this is open, in the order in which they run."""
    heard: list[Tensor] = []

    def hear(_layer: nn.Module, _given: object, output: Tensor) -> None:
        heard.append(output)

    handles = [layer.register_forward_hook(hear) for layer in layers]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()
