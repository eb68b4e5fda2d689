"""The L-inf budget and the pixel range; epsilon is a share of the pixel range, 10/255 = 0.0392."""

from __future__ import annotations

from torch import Tensor


def project(perturbation: Tensor, epsilon: float) -> Tensor:
    """Clip a perturbation to [-epsilon, epsilon]."""
    return perturbation.clamp(-epsilon, epsilon)


def perturb(images: Tensor, perturbation: Tensor, *, clamp: bool = True) -> Tensor:
    """Images (B, 3, H, W) plus a universal perturbation (3, H, W), kept in [0, 1] unless ``clamp`` is off."""
    moved = images + perturbation
    return moved.clamp(0.0, 1.0) if clamp else moved
