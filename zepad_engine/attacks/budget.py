"""The L-inf budget and the pixel range; epsilon is a share of the pixel range, 10/255 = 0.0392."""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.errors import BadInput


def project(perturbation: Tensor, epsilon: float) -> Tensor:
    """Clip a perturbation to [-epsilon, epsilon]."""
    return perturbation.clamp(-epsilon, epsilon)


def perturb(images: Tensor, perturbation: Tensor, *, clamp: bool = True) -> Tensor:
    """Images (B, 3, H, W) plus a universal perturbation (3, H, W), kept in [0, 1] unless ``clamp`` is off."""
    moved = images + perturbation
    return moved.clamp(0.0, 1.0) if clamp else moved


def require_unit_range(images: Tensor) -> None:
    """Raise BadInput unless images are (B, 3, H, W) float in [0, 1]."""
    if images.ndim != 4 or images.shape[1] != 3:
        raise BadInput(f"Images must be a batch of RGB pictures; this one has the shape {tuple(images.shape)}.")
    if not torch.isfinite(images).all() or images.min() < 0 or images.max() > 1:
        raise BadInput("Image values must lie between 0 and 1.", "Divide 8-bit pixels by 255 before the audit.")
