"""What attacks on a system raise, as functions of its logits (B, K) and the labels (B,); one value per image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

# Images (B, 3, H, W) to the values (B,) an attack raises.
Objective: TypeAlias = Callable[[Tensor], Tensor]

# DLR divides by the distance of the largest logit from the third; they may be equal.
_SMALLEST_GAP = 1e-12


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each image, (B,)."""
    return functional.cross_entropy(logits, labels, reduction="none")


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """The largest logit of another class minus that of the label, (B,): above 0 where the answer is wrong."""
    own = functional.one_hot(labels, logits.shape[1]).bool()
    right: Tensor = logits[own]
    others: Tensor = logits.masked_fill(own, -torch.inf).max(dim=1).values
    return others - right


def difference_of_logits_ratio(logits: Tensor, labels: Tensor) -> Tensor:
    """DLR, the margin over the distance of the largest logit from the third, (B,); Croce and Hein 2020, Eq. 6.

    Neither a shift nor a scale of the logits changes it. It needs three classes; of two, the margin itself is taken.
    """
    if logits.shape[1] < 3:
        return margin(logits, labels)
    largest = logits.topk(3, dim=1).values
    return margin(logits, labels) / (largest[:, 0] - largest[:, 2] + _SMALLEST_GAP)


def value_and_gradient(objective: Objective, images: Tensor) -> tuple[Tensor, Tensor]:
    """The values (B,) of an objective and their gradient (B, 3, H, W), image by image, neither with a graph."""
    images = images.detach().requires_grad_(True)
    values = objective(images)
    # The sum: no image's gradient hangs on how many stand beside it.
    (gradient,) = torch.autograd.grad(values.sum(), images)
    return values.detach(), gradient
