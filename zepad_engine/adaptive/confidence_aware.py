"""Per-image attack on what the fusion trusts: confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.adaptive.ascent import ShrinkingAscent
from zepad_engine.adaptive.base import Target
from zepad_engine.adaptive.branch_alone import soft_branch
from zepad_engine.adaptive.losses import Objective, margin
from zepad_engine.fields import Range


@dataclass(frozen=True, kw_only=True)
class ConfidenceAware(ShrinkingAscent):
    """Raise log p_b(t) - quieting * mean_a log m_a + fused * margin.

    Under RFDM whoever is most confident speaks. So the benign branch b, which was never hardened, is made sure of a
    wrong class, and the others are made unsure of any: p_b(t) is its probability of t, the wrong class it is nearest to
    at each step; m_a is the largest probability of another branch a. That alone often leaves the robust branches'
    logits on top, so the margin of the fused answer (largest logit of another class minus that of the label) is raised
    along with it. Since m_b rises and m_a falls, the published detector, MPAE minus BMP confidence, sees the opposite
    of what it looks for. Of a system of one branch only p_b and the margin are left.
    """

    key: ClassVar[str] = "confidence_aware"
    name: ClassVar[str] = "Confidence-aware"
    summary: ClassVar[str] = "Makes the benign branch sure of a wrong class and the tuned branches unsure of any."
    citation: ClassVar[str] = "Adaptive attack of this product on RFDM (arXiv 2602.11204, Eq. 8)"

    quieting: Annotated[
        float, Range(low=0.0, high=100.0, label="Weight of quieting", step=0.1, help="the tuned branches' confidence")
    ] = 1.0
    fused: Annotated[float, Range(low=0.0, high=100.0, label="Weight of the fused margin", step=0.1)] = 1.0

    def objective(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Objective:
        """The formula above."""
        del images, generator
        system, soft = target.attacked, soft_branch(target.attacked)

        def raised(moved: Tensor) -> Tensor:
            logits = system.branch_logits(moved)
            chances = (logits / system.fitted.temperatures.to(logits)).log_softmax(dim=-1)
            wrong = chances[soft].scatter(1, labels[:, None], -torch.inf).amax(dim=1)
            others = torch.cat([chances[:soft], chances[soft + 1 :]])
            loud = others.amax(dim=-1).mean(dim=0) if len(others) else torch.zeros_like(wrong)
            return wrong - self.quieting * loud + self.fused * margin(system.answer(logits), labels)

        return raised
