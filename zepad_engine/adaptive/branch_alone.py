"""Per-image attack on the one branch that was never hardened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from zepad_engine.adaptive.ascent import ShrinkingAscent
from zepad_engine.adaptive.base import Target
from zepad_engine.adaptive.losses import Objective, margin
from zepad_engine.defences.system import System


@dataclass(frozen=True, kw_only=True)
class BenignAloneAttack(ShrinkingAscent):
    """Raise the margin of the benign branch's own logits, knowing nothing of the others; the whole system is judged.

    Of a system without a benign branch the last branch is taken.
    """

    key: ClassVar[str] = "benign_alone"
    name: ClassVar[str] = "PGD on the benign branch"
    summary: ClassVar[str] = "Moves each image against the branch that was never hardened, as if the others were not."
    citation: ClassVar[str] = "Adaptive attack of this product on arXiv 2602.11204; steps as in Madry et al., ICLR 2018"

    def objective(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Objective:
        """The margin by which the branch answers another class."""
        del images, generator
        attacked, soft = target.attacked, soft_branch(target.attacked)

        def raised(moved: Tensor) -> Tensor:
            # One branch is asked, which is less than a query, and counted as one.
            attacked.queries += len(moved)
            logits: Tensor = attacked.members[soft](moved)
            return margin(logits, labels)

        return raised


def soft_branch(system: System) -> int:
    """Place of the benign branch among a system's members; of the last one where there is none."""
    branches = system.fitted.defence.branches
    return branches.index("benign") if "benign" in branches else len(branches) - 1
