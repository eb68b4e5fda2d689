"""Per-image attack on another model of the task, tried on the system: MI-FGSM (Dong et al., CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from zepad_engine.adaptive.base import Target
from zepad_engine.adaptive.losses import Objective, cross_entropy
from zepad_engine.adaptive.pgd import SignAscent
from zepad_engine.fields import Range


@dataclass(frozen=True, kw_only=True)
class TransferAttack(SignAscent):
    """Raise the cross-entropy of the target's surrogate, with momentum; the gradient of the system is never asked for.

    Published from the image itself; here from a random start, so that a restart is another try. Of several tries on
    an image the one that works on the system counts, so the system answers once per restart.
    """

    key: ClassVar[str] = "transfer"
    name: ClassVar[str] = "Transfer from the undefended victim"
    summary: ClassVar[str] = "Moves each image against the undefended victim and its head, then tries it on the system."
    citation: ClassVar[str] = "Dong et al., Boosting Adversarial Attacks with Momentum, CVPR 2018"
    knowledge: ClassVar[Literal["white-box", "black-box", "transfer"]] = "transfer"

    step: Annotated[float, Range(low=1e-3, high=2.0, label="Step", step=0.05, unit="of the budget")] = 0.1
    momentum: Annotated[
        float, Range(low=0.0, high=1.0, label="Momentum", step=0.1, help="how much of the last direction is kept")
    ] = 1.0

    def objective(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Objective:
        """Cross-entropy of the surrogate's answer."""
        del images, generator
        return lambda moved: cross_entropy(target.surrogate(moved), labels)

    def steer(self, gradient: Tensor, before: Tensor) -> Tensor:
        """The gradient at a mean size of 1 per image, added to ``momentum`` times the last direction (Eq. 6)."""
        size = gradient.abs().mean(dim=(1, 2, 3), keepdim=True)
        return self.momentum * before + gradient / size.clamp_min(torch.finfo(size.dtype).tiny)
