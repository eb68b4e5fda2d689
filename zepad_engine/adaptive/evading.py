"""Attack that wants a wrong answer and no alarm, both at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final

import torch
from torch import Tensor

from zepad_engine.adaptive.ascent import shrinking_ascent
from zepad_engine.adaptive.base import SystemAttack, Target
from zepad_engine.adaptive.losses import Objective, margin
from zepad_engine.catalogue import FieldValue
from zepad_engine.fields import Range, Words
from zepad_engine.progress import Progress

# What an alarm weighs against a wrong answer, in the order of the restarts.
WEIGHTS: Final = (1.0, 10.0, 0.1, 100.0, 0.01)


@dataclass(frozen=True, kw_only=True)
class EvadingAttack(SystemAttack):
    """Raise min(margin, s) - lambda * max(score - threshold + s, 0), which is s only where both goals are reached.

    The margin is the largest logit of another class minus that of the label; s, the slack, is how far both goals are
    overshot, so that rounding takes neither back. Once a goal is reached with the slack it pulls no more, and the
    steps go to the other one (Carlini and Wagner 2017). Each restart tries another lambda of ``WEIGHTS`` on the
    images that still resist, or ``price`` is that of all. Where there is no detector this is PGD on the margin.
    """

    key: ClassVar[str] = "evading"
    name: ClassVar[str] = "Detector evasion"
    summary: ClassVar[str] = "Seeks images that are answered wrongly and not flagged, at five prices of an alarm."
    citation: ClassVar[str] = "Carlini and Wagner, Adversarial Examples Are Not Easily Detected, AISec 2017"
    evades: ClassVar[bool] = True
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 20, "restarts": 2},
        "standard": {"steps": 100, "restarts": 5, "each_price": True},
        "paper": {"steps": 200, "restarts": 10, "each_price": True},
    }

    steps: Annotated[int, Range(low=1, high=100_000, label="Steps", step=10, unit="steps")] = 100
    restarts: Annotated[
        int, Range(low=1, high=100, label="Restarts", unit="starts", help="each with another price of an alarm")
    ] = 5
    step: Annotated[
        float, Range(low=1e-3, high=2.0, label="First step", step=0.1, unit="of the budget", help="then a half cosine")
    ] = 1.0
    slack: Annotated[
        float, Range(low=0.0, high=10.0, label="Slack", step=0.05, help="how far both goals are overshot")
    ] = 0.1
    price: Annotated[
        float, Range(low=0.0, high=10_000.0, label="Price of an alarm", step=1.0, help="lambda; 0 = five in turn")
    ] = 0.0
    each_price: Annotated[
        bool, Words(label="Each price by itself", help="tells what each of the five does alone, on every image")
    ] = False

    @property
    def total_steps(self) -> int:
        """Steps of all restarts."""
        return self.steps * self.restarts

    def run(self, target: Target, epsilon: float, generator: torch.Generator, progress: Progress) -> Tensor:
        """Strike what still resists, each time with the next weight; what resists them all keeps the last try."""
        best = target.images.clone()
        beaten = target.beaten(best, target.labels, evading=True)
        for restart, span in progress.split(range(self.restarts)):
            resisting = (~beaten).nonzero().flatten()
            if len(resisting) == 0:
                break
            for index, part in span.split(resisting.split(target.batch)):
                images, labels = target.images[index], target.labels[index]
                objective = self.objective(target, labels, self.price or WEIGHTS[restart % len(WEIGHTS)])
                best[index] = shrinking_ascent(images, objective, epsilon, self.steps, self.step, generator, part)
                beaten[index] = target.beaten(best[index], labels, evading=True)
        return best

    def by_price(self, target: Target, epsilon: float, seed: int, progress: Progress) -> dict[float, Tensor]:
        """Which images (N,) each of the five prices fools by itself, in one try on every image; prices rising."""
        found = {}
        for price, span in progress.split(sorted(WEIGHTS)):
            alone = replace(self, restarts=1, price=price)
            struck = alone(target, epsilon, seed=seed, progress=span)
            found[price] = target.beaten(struck.images.to(target.images), target.labels, evading=True).cpu()
        return found

    def objective(self, target: Target, labels: Tensor, weight: float) -> Objective:
        """The formula above for moved images (B, 3, H, W) with labels (B,); ``weight`` is lambda."""
        system = target.attacked

        def raised(moved: Tensor) -> Tensor:
            logits = system.branch_logits(moved)
            fooled = margin(system.answer(logits), labels).clamp_max(self.slack)
            alarm = (system.score(logits) - target.threshold + self.slack).clamp_min(0.0)
            return fooled - weight * alarm

        return raised
