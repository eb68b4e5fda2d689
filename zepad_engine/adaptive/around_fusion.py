"""Per-image attack that goes round the fusion: gradients of the branches, judged by the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import torch
from torch import Tensor

from zepad_engine.adaptive.apgd import ApgdAttack
from zepad_engine.adaptive.base import Target
from zepad_engine.adaptive.losses import cross_entropy, margin
from zepad_engine.fields import Words

# Calibrated logits by which a branch is wrong before it is left alone.
_FALLEN: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class AroundFusion(ApgdAttack):
    """APGD on something smooth in place of the fusion; of the points on the way the largest margin of the true answer.

    A fusion may hide its gradient without being any harder to fool. ``mean_logits`` raises the cross-entropy of the
    branches' mean logits; ``every_branch`` raises mean_b min(margin_b, 1), the margin being the largest logit of
    another class minus that of the label: a branch that is sure pulls whatever weight it has, and one that has fallen
    pulls no more. If this beats the attacks on the answer itself, their figures flatter.
    """

    key: ClassVar[str] = "around_fusion"
    name: ClassVar[str] = "Around the fusion"
    summary: ClassVar[str] = (
        "Follows the branches' own gradients, as if the fusion were a plain mean, and judges by the answer."
    )
    citation: ClassVar[str] = "Athalye et al., Obfuscated Gradients (BPDA), ICML 2018, on a fusion; steps as in APGD"

    through: Annotated[
        Literal["mean_logits", "every_branch"],
        Words(label="Gradient through", help="the branches' mean logits, or every branch by itself"),
    ] = "every_branch"

    def look(self, target: Target, moved: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The fused logits, and what the branches say beside each other."""
        system = target.attacked
        logits = system.branch_logits(moved)
        calibrated = logits / system.fitted.temperatures.to(logits)
        if self.through == "mean_logits":
            raised = cross_entropy(calibrated.mean(dim=0), labels)
        else:
            leads = torch.stack([margin(branch, labels) for branch in calibrated])
            raised = leads.clamp_max(_FALLEN).mean(dim=0)
        return system.answer(logits), raised
