"""Per-image PGD on the answer of a whole defended system (Madry et al., ICLR 2018)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.adaptive.base import PerImageAttack, Target, random_start
from zepad_engine.adaptive.losses import Objective, cross_entropy, value_and_gradient
from zepad_engine.attacks.budget import ascend
from zepad_engine.catalogue import FieldValue
from zepad_engine.fields import Range
from zepad_engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class SignAscent(PerImageAttack):
    """Equal steps along the sign of a gradient, from a random start; the subclass says what is raised.

    The last point counts, not the best on the way, as PGD is published and as other libraries have it. Each try is
    ``steps`` passes forward and back.
    """

    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 20, "restarts": 1},
        "standard": {"steps": 100, "restarts": 5},
        "paper": {"steps": 200, "restarts": 10},
    }

    steps: Annotated[int, Range(low=1, high=100_000, label="Steps", step=10, unit="steps")] = 100
    step: Annotated[float, Range(low=1e-3, high=2.0, label="Step", step=0.05, unit="of the budget")] = 0.25

    @property
    def total_steps(self) -> int:
        """Steps of all restarts."""
        return self.steps * self.restarts

    @abstractmethod
    def objective(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Objective:
        """What is raised: a function of moved images (B, 3, H, W) with values (B,), called once per step."""

    def steer(self, gradient: Tensor, before: Tensor) -> Tensor:
        """What the next step takes the sign of; ``before`` is what the step before took, zeros at first."""
        del before
        return gradient

    def strike(
        self,
        target: Target,
        images: Tensor,
        labels: Tensor,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """Climb for ``steps`` steps."""
        objective = self.objective(target, images, labels, generator)
        moved, heading = random_start(images, epsilon, generator), torch.zeros_like(images)
        for step in range(self.steps):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            _, gradient = value_and_gradient(objective, moved)
            heading = self.steer(gradient, heading)
            moved = ascend(images, moved, heading, self.step * epsilon, epsilon)
        return moved


@dataclass(frozen=True, kw_only=True)
class PgdAttack(SignAscent):
    """Raise the cross-entropy of the fused logits."""

    key: ClassVar[str] = "pgd"
    name: ClassVar[str] = "PGD on the system"
    summary: ClassVar[str] = "Moves each image against the fused answer, with the gradient of all branches at once."
    citation: ClassVar[str] = "Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR 2018"

    def objective(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Objective:
        """Cross-entropy of the system's answer."""
        del images, generator
        return lambda moved: cross_entropy(target.attacked(moved), labels)
