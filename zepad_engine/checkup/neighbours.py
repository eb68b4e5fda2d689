"""A k-NN probe: do images of one class lie together more than they do for the same net with random weights?"""

from __future__ import annotations

import math

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


def compare_neighbours(data: str, features: Tensor, random: Tensor, labels: Tensor) -> NeighbourFinding:
    """The probe of an encoder's features (N, D) beside those of the same net with random weights, paired by image."""
    right, chance = nearest_agree(features, labels).double(), nearest_agree(random, labels).double()
    difference = right - chance
    half = _95_PERCENT * float(difference.std(unbiased=True)) / math.sqrt(len(labels))
    middle = float(difference.mean())
    return NeighbourFinding(
        data=data,
        neighbours=NEIGHBOURS,
        bank=len(labels) - 1,
        queries=len(labels),
        accuracy=float(right.mean()),
        random_accuracy=float(chance.mean()),
        low=middle - half,
        high=middle + half,
    )
