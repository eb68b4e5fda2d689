"""Losses of the paper and of AdvEncoder, as formulas; shapes (B, D) for features, (B, 3, H, W) for images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-7


def info_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """InfoNCE of matching rows: cross-entropy of cosine / temperature, diagonal as target, mean over rows."""
    similarity = functional.normalize(queries, dim=1) @ functional.normalize(keys, dim=1).T
    return functional.cross_entropy(similarity / temperature, torch.arange(len(queries), device=queries.device))


def high_pass(images: Tensor, radius: float) -> Tensor:
    """Remove the frequencies closer than ``radius`` to the spectrum's centre (AdvEncoder, high-frequency part)."""
    height, width = images.shape[-2:]
    rows = torch.fft.fftfreq(height, 1 / height, device=images.device)
    # The spectrum of a real picture mirrors itself: half of it holds everything.
    columns = torch.fft.rfftfreq(width, 1 / width, device=images.device)
    keep = (rows[:, None] ** 2 + columns[None, :] ** 2) >= radius**2
    passed: Tensor = torch.fft.irfft2(torch.fft.rfft2(images.float()) * keep, s=(height, width))
    return passed


def pair_distances(features: Tensor) -> Tensor:
    """Cosine distance of each pair minus the row's nearest-neighbour distance; zero diagonal; (B, B)."""
    unit = functional.normalize(features, dim=1)
    distance = 1.0 - unit @ unit.T
    diagonal = torch.eye(len(features), dtype=torch.bool, device=features.device)
    nearest = distance.masked_fill(diagonal, torch.inf).min(dim=1, keepdim=True).values
    return (distance - nearest).masked_fill(diagonal, 0.0)


def genetic_regularisation(
    adversarial: Tensor, benign: Tensor, labels: Tensor | None = None, weights: Tensor | None = None
) -> Tensor:
    """How far the pair relations of ``adversarial`` are from those of ``benign``: a sum over pairs, so it grows with B.

    Paper Eqs. 4-6 on features; with ``labels`` (B,) and ``weights`` (B,) (clean cross-entropy per image) the official
    code's label blending is added: badly classified pairs are pulled to 0 (same class) or 2 (other class).
    """
    own = pair_distances(adversarial).clamp(_TINY, 2 - _TINY)
    target = pair_distances(benign)
    if labels is not None and weights is not None:
        blend = torch.tanh((weights[:, None] + weights[None, :]) / 32)
        sign = torch.where(labels[:, None] == labels[None, :], -1.0, 1.0)
        target = (1 - blend) * target + 2 * sign * blend
    target = target.clamp(_TINY, 2 - _TINY)
    p, q = _relation(own), _relation(target)
    divergence = q * ((q + _TINY) / (p + _TINY)).log() + (1 - q) * ((1 - q + _TINY) / (1 - p + _TINY)).log()
    return divergence.sum()


def _relation(distance: Tensor) -> Tensor:
    closeness = 2.0 - distance
    return closeness / closeness.sum(dim=1, keepdim=True)
