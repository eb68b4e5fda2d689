"""What every defence is: a value that names the branches it needs and weighs their logits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from torch import Tensor

Branch: TypeAlias = Literal["victim", "random", "auxiliary", "benign", "tuned_victim", "tuned_auxiliary"]

BRANCHES: Final[tuple[Branch, ...]] = (
    "victim",
    "random",
    "auxiliary",
    "benign",
    "tuned_victim",
    "tuned_auxiliary",
)


@dataclass(frozen=True, kw_only=True)
class Defence(ABC):
    """A system that answers from one or more branches."""

    key: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    citation: ClassVar[str]
    branches: ClassVar[tuple[Branch, ...]]

    @abstractmethod
    def weigh(self, logits: Tensor) -> Tensor:
        """Weights (B, N) of branch logits (B, N, K), in the order of ``branches``; they sum to 1 over B."""
