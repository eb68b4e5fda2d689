"""What a perturbation does to an encoder's features, measured without labels or a downstream task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.evidence import Rate
from zepad_engine.metrics import effective_rank, rate_of

NEIGHBOURS = 10
_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What one perturbation does to features; the attributes are those of `FeatureShift`."""

    cosine_shift: float
    neighbour_overlap: float
    rank_clean: float
    rank_moved: float
    cluster_fooling: Rate


def shifts_of(clean: Tensor, moved: Mapping[str, Tensor], clusters: int) -> dict[str, Shift]:
    """The measures of a branch's features (N, D) under each attack against its clean ones."""
    clean = clean.double()
    rank = effective_rank(clean.numpy())
    centres = cluster_centres(clean, clusters)
    return {
        attack: Shift(
            cosine_shift=float((1 - functional.cosine_similarity(clean, each.double(), dim=1)).mean()),
            neighbour_overlap=neighbour_overlap(clean, each.double()),
            rank_clean=rank,
            rank_moved=effective_rank(each.double().numpy()),
            cluster_fooling=cluster_fooling(clean, each.double(), centres),
        )
        for attack, each in moved.items()
    }


def neighbour_overlap(clean: Tensor, moved: Tensor, k: int = NEIGHBOURS) -> float:
    """Mean share of an image's k nearest clean neighbours that stay when the image itself is perturbed, 0 to 1.

    Features (N, D), cosine similarity; the neighbours are clean in both cases and never the image itself. k is at
    most N - 1; a single image has no neighbours and keeps all of them.
    """
    k = min(k, len(clean) - 1)
    if k < 1:
        return 1.0
    near = torch.zeros(2, len(clean), len(clean), dtype=torch.bool)
    gallery = functional.normalize(clean, dim=1)
    for which, queries in enumerate((gallery, functional.normalize(moved, dim=1))):
        similar = (queries @ gallery.T).fill_diagonal_(-2.0)
        near[which].scatter_(1, similar.topk(k, dim=1).indices, value=True)
    return float((near[0] & near[1]).sum() / (k * len(clean)))


def cluster_fooling(clean: Tensor, moved: Tensor, centres: Tensor) -> Rate:
    """Share of images whose nearest of the ``centres`` (C, D) changes; features (N, D) are given length 1 first."""
    clean, moved = functional.normalize(clean, dim=1), functional.normalize(moved, dim=1)
    return rate_of((_nearest(clean, centres) != _nearest(moved, centres)).numpy())


def cluster_centres(features: Tensor, count: int) -> Tensor:
    """Centres (C, D) of k-means on features (N, D) given length 1; at most N.

    They start by k-means++ (Arthur and Vassilvitskii, SODA 2007) with a fixed seed.
    """
    features = functional.normalize(features, dim=1)
    centres = _seeds(features, min(count, len(features)))
    for _ in range(_ROUNDS):
        member = functional.one_hot(_nearest(features, centres), len(centres)).to(features)
        sizes = member.sum(dim=0)[:, None]
        # A centre nobody is nearest to stays where it is.
        better = torch.where(sizes > 0, member.T @ features / sizes.clamp_min(1), centres)
        if torch.equal(better, centres):
            break
        centres = better
    return centres


def _seeds(features: Tensor, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    chosen = [int(torch.randint(len(features), (), generator=generator))]
    while len(chosen) < count:
        distances = torch.cdist(features, features[chosen]).amin(dim=1).square()
        distances[chosen] = 0.0
        even = torch.ones_like(distances).index_fill_(0, torch.tensor(chosen), 0.0)
        chosen.append(int(torch.multinomial(distances if distances.any() else even, 1, generator=generator)))
    return features[chosen]


def _nearest(features: Tensor, centres: Tensor) -> Tensor:
    return torch.cdist(features, centres).argmin(dim=1)
