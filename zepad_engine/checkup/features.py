"""Are the features numbers, do they differ between images, and does a gradient reach the pixels?"""

from __future__ import annotations

import torch
from torch import Tensor

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.preflight import FeatureFinding

_GRADIENT_IMAGES = 4


def check_features(data: str, features: Tensor, gradients: float) -> FeatureFinding:
    """What the features (N, D) of N clean images say; ``gradients`` as ``gradient_share`` gives it."""
    finite = bool(torch.isfinite(features).all())
    spread = float(_spread(features)) if finite else 0.0
    return FeatureFinding(
        data=data,
        images=len(features),
        finite=finite,
        effective_rank=effective_rank(features) if finite else 0.0,
        dimensions=min(features.shape[1], len(features) - 1),
        spread=spread,
        gradients=gradients,
    )


def effective_rank(features: Tensor) -> float:
    """exp of the entropy of the singular values of the centred features (N, D); 1 where all features are equal.

    Source: Roy and Vetterli, The effective rank, EUSIPCO 2007; as RankMe in Garrido et al., ICML 2023.
    """
    centred = features.double() - features.double().mean(dim=0)
    values = torch.linalg.svdvals(centred)
    total = values.sum()
    if float(total) <= 1e-9 * float(features.double().norm() + 1e-30):
        return 1.0
    shares = values / total
    return float(torch.exp(torch.special.entr(shares).sum()))


def _spread(features: Tensor) -> Tensor:
    wide = features.double()
    distance = (wide - wide.mean(dim=0)).square().sum(dim=1).mean().sqrt()
    relative: Tensor = distance / wide.norm(dim=1).mean().clamp_min(1e-30)
    return relative


def gradient_share(encoder: Encoder, images: Tensor) -> float:
    """Share of the pixels of images (B, 3, H, W) in [0, 1] that a finite, non-zero gradient reaches, 0 to 1."""
    few = images[:_GRADIENT_IMAGES].clone().requires_grad_(True)
    features = encoder(few)
    if not features.requires_grad:
        return 0.0
    # A weighting of its own for each feature: the plain sum is constant where features are normalised.
    weights = torch.linspace(0.5, 1.5, features.shape[1], device=features.device)
    (found,) = torch.autograd.grad((features.square() * weights).sum(), few)
    return float((torch.isfinite(found) & (found != 0)).float().mean())
