"""UAPEPGD: a universal perturbation by projected gradient steps with momentum, as PAP compares with (method 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.surrogate_head import HeadAttack
from zepad_engine.catalogue import FieldValue
from zepad_engine.fields import Range

_MOMENTUM = 0.5
_PULL = 1e-5
_LATER = 0.1


@dataclass(frozen=True, kw_only=True)
class UapEpgd(HeadAttack):
    """Up to ten steps v = 0.5 v + 1e-5 (x + delta + d) + grad CE, d = d + step * sign(v); then delta + d is clipped.

    The cross-entropy is that of logits scaled to length 1, against the class of the clean image; an image whose class
    has changed is left alone. A batch shares one d; a batch of one is the published form.
    """

    key: ClassVar[str] = "uapepgd"
    name: ClassVar[str] = "UAPEPGD"
    summary: ClassVar[str] = "Climbs the classification loss of one batch after another until their classes change."
    citation: ClassVar[str] = (
        "Deng and Karam, Universal Adversarial Attack via Enhanced Projected Gradient Descent, ICIP 2020; "
        "as in Ban and Dong, NeurIPS 2022, on clusters of features instead of classes"
    )
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 25},
        "standard": {"steps": 100},
        "paper": {"steps": 30_000, "batch": 1, "step_size": 2e-3, "drop": 0.33, "start": 1.0},
    }

    step_seconds: ClassVar[float] = 0.33

    steps: Annotated[int, Range(low=1, high=1_000_000, label="Steps", step=25, unit="batches")] = 100
    batch: Annotated[int, Range(low=1, high=4096, label="Batch", unit="images", help="1 as published")] = 64
    step_size: Annotated[
        float, Range(low=1e-5, high=1.0, label="Step", step=1e-4, unit="of the pixel range", help="2e-3 as published")
    ] = 4e-3
    drop: Annotated[
        float, Range(low=0, high=1, label="Step drops after", step=0.1, unit="of the run", help="to a tenth")
    ] = 0.5
    inner: Annotated[int, Range(low=1, high=1000, label="Steps per batch", help="10 as published")] = 10
    start: Annotated[
        float, Range(low=0, high=1, label="Random start", step=0.1, unit="of the budget", help="1 as published")
    ] = 0.0

    def push(
        self,
        classifier: nn.Module,
        images: Tensor,
        labels: Tensor,
        crafted: Tensor,
        epsilon: float,
        generator: torch.Generator,
        done: float,
    ) -> Tensor:
        """The d of the batch."""
        length = self.step_size * (1 if done < self.drop else _LATER)
        noise = torch.rand(crafted.shape, generator=generator).to(crafted) * 2 - 1
        added, velocity = self.start * epsilon * noise, torch.zeros_like(crafted)
        for _ in range(self.inner):
            added.requires_grad_(True)
            moved = perturb(images, crafted + added, clamp=self.clamp)
            logits = classifier(moved)
            held = logits.argmax(dim=1) == labels
            if not held.any():
                break
            loss = functional.cross_entropy(functional.normalize(logits[held], dim=1), labels[held])
            (gradient,) = torch.autograd.grad(loss, added)
            velocity = _MOMENTUM * velocity + _PULL * moved[held].detach().mean(dim=0) + gradient
            added = added.detach() + length * velocity.sign()
        return added.detach()
