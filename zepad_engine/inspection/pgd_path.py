"""Per-image PGD on a whole system with every iterate kept, so that a slider can walk along it.

Madry et al., ICLR 2018; steps of a quarter of the budget, as the audit's PGD has them.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from zepad_engine.adaptive.base import random_start
from zepad_engine.adaptive.losses import cross_entropy, value_and_gradient
from zepad_engine.attacks.budget import ascend

STEP: Final = 0.25


def pgd_path(
    system: nn.Module, picture: Tensor, label: int, epsilon: float, steps: int, generator: torch.Generator
) -> Tensor:
    """The way PGD takes from a picture.

    Args:
        system: images (B, 3, S, S) in [0, 1] in, logits (B, K) out; its gradient is followed.
        picture: (1, 3, S, S).
        label: the class whose cross-entropy is raised.
        epsilon: L-inf budget, 0 to 1; generator: decides the random start.

    Returns:
        (steps + 1, 3, S, S) in [0, 1] on the CPU: the picture itself, then the iterate after each step.
    """
    labels = torch.tensor([label], device=picture.device)
    moved, path = random_start(picture, epsilon, generator), [picture]
    for _ in range(steps):
        _, gradient = value_and_gradient(lambda images: cross_entropy(system(images), labels), moved)
        moved = ascend(picture, moved, gradient, STEP * epsilon, epsilon)
        path.append(moved)
    return torch.cat(path).float().cpu().contiguous()
