"""Where a picture lies among others in a branch's features: a map of two axes, and the nearest by cosine.

Features are brought to length 1 first, so that the map and the neighbours speak of the same distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, eq=False)
class FeaturePlane:
    """The two directions in which the features of some images differ most (PCA).

    Attributes:
        centre: mean unit feature (D,); axes: (2, D), each of length 1, its largest entry positive, so that the map
            does not flip from fit to fit; zeros where there is no such direction.
        share: of the variance, 0 to 1, that the axes hold.
    """

    centre: Tensor
    axes: Tensor
    share: float

    def place(self, features: Tensor) -> Tensor:
        """Coordinates (N, 2) of features (N, D)."""
        return (unit(features) - self.centre) @ self.axes.T


def fit_plane(features: Tensor) -> FeaturePlane:
    """The plane of features (N, D)."""
    known = unit(features)
    centre = known.mean(dim=0)
    # D by D, as N may be large; float64, as the features may hardly differ.
    variances, directions = torch.linalg.eigh((known - centre).T @ (known - centre))
    axes = torch.zeros(2, known.shape[1], dtype=known.dtype)
    found = directions.flip(1).T[: min(2, known.shape[1])]
    axes[: len(found)] = found
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    total = float(variances.clamp_min(0).sum())
    if total <= 1e-18 * len(known):
        return FeaturePlane(centre, torch.zeros_like(axes), 0.0)
    signs = torch.where(largest < 0, -1.0, 1.0).to(axes)
    return FeaturePlane(centre, axes * signs, float(variances.flip(0)[:2].clamp_min(0).sum()) / total)


def cosines(feature: Tensor, others: Tensor) -> Tensor:
    """Cosine similarities (N,), -1 to 1, of a feature (D,) and others (N, D)."""
    similarities: Tensor = (unit(others) @ unit(feature[None])[0]).clamp(-1.0, 1.0)
    return similarities


def unit(features: Tensor) -> Tensor:
    """Features (N, D) at length 1 in float64; zeros stay zeros."""
    return functional.normalize(features.to(torch.float64), dim=1)
