"""Per-image PGD (Madry et al. 2018), used while tuning and to validate it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.attacks.budget import ascend


@dataclass(frozen=True, slots=True, kw_only=True)
class Pgd:
    """L-inf PGD on cross-entropy; epsilon and step are shares of the pixel range."""

    epsilon: float
    step: float
    steps: int
    random_start: bool = True

    def __call__(
        self,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        generator: torch.Generator,
        *,
        leave_gradients: bool = False,
    ) -> Tensor:
        """Adversarial images (B, 3, H, W) in [0, 1], within epsilon of ``images``.

        The gradient is taken with respect to the input only; ``leave_gradients`` repeats the release, whose backward
        passes also fill the parameters' gradients.
        """
        if self.epsilon == 0:
            return images.clone()
        moved = images.clone()
        if self.random_start:
            noise = torch.rand(images.shape, generator=generator).to(images) * 2 - 1
            moved = (images + self.epsilon * noise).clamp(0, 1)
        for _ in range(self.steps):
            moved.requires_grad_(True)
            loss = functional.cross_entropy(model(moved), labels)
            gradient = _input_gradient(loss, moved, through_parameters=leave_gradients)
            moved = ascend(images, moved, gradient, self.step, self.epsilon)
        return moved


def _input_gradient(loss: Tensor, images: Tensor, *, through_parameters: bool) -> Tensor:
    if not through_parameters:
        return torch.autograd.grad(loss, images)[0]
    loss.backward()
    assert images.grad is not None
    return images.grad
