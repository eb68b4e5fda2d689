"""What every defence is: a value that names the branches it needs and makes one answer of theirs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from zepad_engine.branches import Branch
from zepad_engine.plan import Detector


@dataclass(frozen=True, kw_only=True)
class Defence(ABC):
    """A system that answers from one or more branches; branch logits are (B, N, K) in the order of ``branches``."""

    key: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    citation: ClassVar[str]
    branches: ClassVar[tuple[Branch, ...]]

    @property
    def calibrated(self) -> bool:
        """Whether each branch's logits are first divided by a temperature fitted on calibration images."""
        return False

    @abstractmethod
    def answer(self, logits: Tensor) -> Tensor:
        """Fused logits (N, K); differentiable."""

    @abstractmethod
    def weigh(self, logits: Tensor) -> Tensor:
        """How much each branch had to say, (B, N); sums to 1 over B."""

    def score(self, logits: Tensor, detector: Detector) -> Tensor | None:
        """Detection scores (N,), larger for images that look perturbed; None where there is no detector."""
        del logits, detector
        return None
