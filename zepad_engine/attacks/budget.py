"""The budgets and the pixel range; epsilon is a share of the pixel range, 10/255 = 0.0392.

A universal perturbation is either (3, H, W), added to every image, or a patch (4, H, W): three planes of colours in
[0, 1] and a plane that is 1 where the patch lies over the image and 0 elsewhere.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_PATCH_PLANES = 4
# A value this near to its bound counts as lying at it.
_NEARLY = 0.99


def is_patch(perturbation: Tensor) -> bool:
    """Whether a perturbation (3 or 4, H, W) is laid over the images instead of added to them."""
    return perturbation.ndim == 3 and len(perturbation) == _PATCH_PLANES


def project(perturbation: Tensor, epsilon: float) -> Tensor:
    """Clip a perturbation to [-epsilon, epsilon]; of a patch (4, H, W) the colours to [0, 1], its mask stays."""
    if is_patch(perturbation):
        return torch.cat([perturbation[:3].clamp(0.0, 1.0), perturbation[3:]])
    return perturbation.clamp(-epsilon, epsilon)


def perturb(images: Tensor, perturbation: Tensor, *, clamp: bool = True) -> Tensor:
    """Images (B, 3, H, W) under a universal perturbation (3 or 4, H, W), kept in [0, 1] unless ``clamp`` is off."""
    if is_patch(perturbation):
        colours, mask = perturbation[:3], perturbation[3:]
        moved = mask * colours + (1 - mask) * images
    else:
        moved = images + perturbation
    return moved.clamp(0.0, 1.0) if clamp else moved


def scaled(perturbation: Tensor, factor: float) -> Tensor:
    """A perturbation at a share of its size, 0 to 1; a patch is there whole, or at factor 0 not at all."""
    if not is_patch(perturbation):
        return perturbation * factor
    return perturbation if factor > 0 else torch.zeros_like(perturbation)


def reach(perturbation: Tensor, epsilon: float) -> float:
    """How far a pixel value can be moved, 0 to 1: the budget, by a patch the whole range."""
    return 1.0 if is_patch(perturbation) else epsilon


def patch_side(perturbation: Tensor) -> int:
    """Side of a square patch in pixels; 0 where there is none."""
    return math.isqrt(int(perturbation[3].sum())) if is_patch(perturbation) else 0


def saturation(perturbation: Tensor, epsilon: float) -> float:
    """Share of the values that lie at their bound: -epsilon or epsilon, of a patch's colours 0 or 1."""
    if not is_patch(perturbation):
        return float((perturbation.abs() > _NEARLY * epsilon).float().mean())
    colours = perturbation[:3, perturbation[3] > 0]
    return float(((colours - 0.5).abs() > _NEARLY / 2).float().mean()) if colours.numel() else 0.0


def ascend(images: Tensor, moved: Tensor, gradient: Tensor, step: float, epsilon: float) -> Tensor:
    """One step up a per-image gradient: ``moved`` (B, 3, H, W), within epsilon of ``images`` and in [0, 1] again."""
    stepped = moved.detach() + step * gradient.sign()
    return (images + (stepped - images).clamp(-epsilon, epsilon)).clamp(0, 1)
