"""Auto-PGD (Croce and Hein, ICML 2020): PGD that chooses its own step, on cross-entropy or on the logits' ratio."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.adaptive.base import PerImageAttack, Target, random_start, within
from zepad_engine.adaptive.losses import (
    Objective,
    cross_entropy,
    difference_of_logits_ratio,
    margin,
    value_and_gradient,
)
from zepad_engine.catalogue import FieldValue
from zepad_engine.fields import Range
from zepad_engine.progress import Progress

# Paper, section 3: how much of a step is new, the share of rising steps below which it is halved, and the checkpoints
# in hundredths of all steps: the first, how much closer they come each time, and the closest.
_NEW_SHARE = 0.75
_RISING_SHARE = 0.75
_FIRST_CHECK, _CLOSER, _CLOSEST = 22, 3, 6


def checkpoints(steps: int) -> tuple[int, ...]:
    """After which of ``steps`` steps the step size is looked at, rising: at 22, 41, 57, 70, ... hundredths of them."""
    places, gap = [0, _FIRST_CHECK], _FIRST_CHECK
    while places[-1] <= 100:
        gap = max(gap - _CLOSER, _CLOSEST)
        places.append(places[-1] + gap)
    # Rounded up, in whole numbers: 0.41 * 100 is more than 41 in floating point.
    found = {-(-place * steps // 100) for place in places[1:]}
    return tuple(sorted(check for check in found if check <= steps))


class Climb:
    """APGD on a batch (B, 3, H, W): where each image stands, its own step, and the best point it has been at.

    Attributes:
        at: where the images stand.
        step_sizes: (B, 1, 1, 1), shares of the pixel range; twice the budget at first.
        best, best_values: the point of the largest value so far and that value (B,).
    """

    def __init__(self, objective: Objective, images: Tensor, start: Tensor, epsilon: float) -> None:
        self._objective, self._images, self._epsilon = objective, images, epsilon
        self.at = self._before = self.best = start
        self._values, self._gradient = value_and_gradient(objective, start)
        self.best_values, self._best_gradient = self._values, self._gradient
        self.step_sizes = torch.full_like(start[:, :1, :1, :1], 2 * epsilon)
        self._new_share = 1.0
        self._rises = torch.zeros_like(self._values)
        self._halved = torch.zeros_like(self._values, dtype=torch.bool)
        self._best_at_check = self.best_values

    def step(self) -> None:
        """One step with momentum, and a look at where it led."""
        aim = within(self._images, self.at + self.step_sizes * self._gradient.sign(), self._epsilon)
        moved = self.at + self._new_share * (aim - self.at) + (1 - self._new_share) * (self.at - self._before)
        self._before, self.at, self._new_share = self.at, within(self._images, moved, self._epsilon), _NEW_SHARE
        values, self._gradient = value_and_gradient(self._objective, self.at)
        self._rises = self._rises + (values > self._values)
        self._values = values
        better = values > self.best_values
        self.best_values = torch.where(better, values, self.best_values)
        self.best = _chosen(better, self.at, self.best)
        self._best_gradient = _chosen(better, self._gradient, self._best_gradient)

    def check(self, since: int) -> None:
        """At a checkpoint ``since`` steps after the last: where the climb stalls, go back to the best with half a step.

        It stalls where too few of the steps rose, or where the best is no better than at the last checkpoint though
        the step was not halved then.
        """
        few = self._rises < _RISING_SHARE * since
        stuck = ~self._halved & (self.best_values <= self._best_at_check)
        self._halved = few | stuck
        self.step_sizes = _chosen(self._halved, self.step_sizes / 2, self.step_sizes)
        self.at = _chosen(self._halved, self.best, self.at)
        self._gradient = _chosen(self._halved, self._best_gradient, self._gradient)
        self._values = torch.where(self._halved, self.best_values, self._values)
        self._best_at_check, self._rises = self.best_values, torch.zeros_like(self._rises)


class Farthest:
    """Of all points an image was seen at, the one of the largest margin: if any fools the system, this one does."""

    def __init__(self, images: Tensor) -> None:
        self.images = images
        self._margins = images.new_full((len(images),), -torch.inf, dtype=torch.float64)

    def see(self, images: Tensor, margins: Tensor) -> None:
        """Keep the images (B, 3, H, W) whose margin (B,) is the largest so far."""
        better = margins > self._margins
        self._margins = torch.where(better, margins.to(self._margins), self._margins)
        self.images = _chosen(better, images, self.images)


@dataclass(frozen=True, kw_only=True)
class ApgdAttack(PerImageAttack):
    """Climb with APGD; of the points on the way the one of the largest margin counts. ``steps`` + 1 passes a try."""

    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 20, "restarts": 1},
        "standard": {"steps": 100, "restarts": 5},
        "paper": {"steps": 100, "restarts": 5},
    }

    steps: Annotated[int, Range(low=1, high=100_000, label="Steps", step=10, unit="steps")] = 100

    @property
    def total_steps(self) -> int:
        """Steps of all restarts."""
        return self.steps * self.restarts

    @abstractmethod
    def look(self, target: Target, moved: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The system's fused logits (B, K) of moved images (B, 3, H, W), and what is raised, (B,)."""

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
        farthest = Farthest(images)

        def objective(moved: Tensor) -> Tensor:
            logits, raised = self.look(target, moved, labels)
            farthest.see(moved.detach(), margin(logits.detach(), labels))
            return raised

        progress.check()
        climb = Climb(objective, images, random_start(images, epsilon, generator), epsilon)
        since = {check: check - last for last, check in pairwise((0, *checkpoints(self.steps)))}
        for step in range(self.steps):
            progress.advance(step / self.steps, f"step {step + 1} of {self.steps}")
            climb.step()
            if step + 1 in since:
                climb.check(since[step + 1])
        return farthest.images


@dataclass(frozen=True, kw_only=True)
class ApgdOnAnswer(ApgdAttack):
    """APGD on a loss of the fused answer."""

    @abstractmethod
    def raised(self, logits: Tensor, labels: Tensor) -> Tensor:
        """What is raised, (B,), of fused logits (B, K)."""

    def look(self, target: Target, moved: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The fused logits and their loss."""
        logits = target.attacked(moved)
        return logits, self.raised(logits, labels)


@dataclass(frozen=True, kw_only=True)
class ApgdCe(ApgdOnAnswer):
    """Raise the cross-entropy of the fused logits."""

    key: ClassVar[str] = "apgd_ce"
    name: ClassVar[str] = "APGD-CE on the system"
    summary: ClassVar[str] = "PGD on the fused answer with momentum, that halves its step where it no longer climbs."
    citation: ClassVar[str] = "Croce and Hein, Reliable Evaluation of Adversarial Robustness, ICML 2020"

    def raised(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy."""
        return cross_entropy(logits, labels)


@dataclass(frozen=True, kw_only=True)
class ApgdDlr(ApgdOnAnswer):
    """Raise the difference-of-logits ratio; of two classes the margin, since the ratio needs three."""

    key: ClassVar[str] = "apgd_dlr"
    name: ClassVar[str] = "APGD-DLR on the system"
    summary: ClassVar[str] = "APGD on a loss that no scaling of the logits can flatten; with two classes the margin."
    citation: ClassVar[str] = "Croce and Hein, Reliable Evaluation of Adversarial Robustness, ICML 2020"

    def raised(self, logits: Tensor, labels: Tensor) -> Tensor:
        """DLR, or the margin."""
        return difference_of_logits_ratio(logits, labels)


def _chosen(which: Tensor, these: Tensor, others: Tensor) -> Tensor:
    return torch.where(which.view(-1, 1, 1, 1), these, others)
