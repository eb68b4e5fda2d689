"""A k-NN probe: do images of one class lie together more than they do for the same net with random weights?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.preflight import NeighbourFinding

NEIGHBOURS = 10
# As in Wu et al., Unsupervised feature learning via non-parametric instance discrimination, CVPR 2018.
_TEMPERATURE = 0.07
_95_PERCENT = 1.959964


def nearest_agree(features: Tensor, labels: Tensor) -> Tensor:
    """Whether each image is classified right by its nearest others (leave one out), bool (N,).

    Cosine similarity of the centred features (N, D); ``NEIGHBOURS`` votes, each weighted by exp(similarity / 0.07).
    """
    centred = functional.normalize(features.double() - features.double().mean(dim=0), dim=1)
    similar = centred @ centred.T
    similar.fill_diagonal_(-2.0)
    values, nearest = similar.topk(min(NEIGHBOURS, len(features) - 1), dim=1)
    votes = torch.zeros(len(features), int(labels.max()) + 1, dtype=torch.float64)
    votes.scatter_add_(1, labels[nearest], (values / _TEMPERATURE).exp())
    return votes.argmax(dim=1) == labels


def compare_neighbours(data: str, features: Tensor, random: Sequence[Tensor], labels: Tensor) -> NeighbourFinding:
    """The probe of features (N, D) beside those of the same net under several draws of random weights.

    One draw would not do: untrained nets of one shape lie up to ten points apart. The interval, by the normal
    distribution, holds both the choice of images (paired) and that of the draw, of which there must be two or more.
    """
    right = nearest_agree(features, labels).double()
    chance = torch.stack([nearest_agree(drawn, labels).double() for drawn in random])
    difference = right - chance.mean(dim=0)
    by_image = float(difference.var()) / len(labels)
    by_draw = float(chance.mean(dim=1).var()) * (1 + 1 / len(random))
    middle, half = float(difference.mean()), _95_PERCENT * math.sqrt(by_image + by_draw)
    return NeighbourFinding(
        data=data,
        neighbours=NEIGHBOURS,
        bank=len(labels) - 1,
        queries=len(labels),
        draws=len(random),
        accuracy=float(right.mean()),
        random_accuracy=float(chance.mean()),
        low=middle - half,
        high=middle + half,
    )
