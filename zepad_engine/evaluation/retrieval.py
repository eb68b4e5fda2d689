"""Retrieval, what re-identification and ranking do with an encoder: Recall@1 and mean average precision."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.evidence import Retrieval
from zepad_engine.metrics import mean_of, rate_of


def side_by_side(features: Sequence[Tensor]) -> Tensor:
    """Features (N, D1 + D2 + ...) of several branches, each of length 1 per image: their similarities are averaged."""
    return torch.cat([functional.normalize(each.double(), dim=1) for each in features], dim=1)


def retrieval_of(
    queries: Tensor,
    query_labels: Tensor,
    gallery: Tensor,
    gallery_labels: Tensor,
    *,
    branch: str,
    attack: str,
    task: str,
) -> Retrieval:
    """Retrieval of query features (Q, D) in gallery features (G, D) by cosine similarity; labels (Q,) and (G,).

    Of equally similar gallery images the earlier one ranks first.
    """
    similar = functional.normalize(queries.double(), dim=1) @ functional.normalize(gallery.double(), dim=1).T
    order = similar.argsort(dim=1, descending=True, stable=True)
    relevant = gallery_labels[order] == query_labels[:, None]
    precisions = average_precisions(relevant)
    return Retrieval(
        branch=branch,
        attack=attack,
        task=task,
        recall_at_1=rate_of(relevant[:, 0].numpy()),
        mean_average_precision=mean_of(precisions.numpy()),
        gallery=len(gallery),
    )


def average_precisions(relevant: Tensor) -> Tensor:
    """Average precision of each query with at least one relevant image, float64 (at most Q,).

    ``relevant`` (Q, G) says of the ranked gallery images, the nearest first, which have the query's class.
    """
    relevant = relevant[relevant.any(dim=1)].to(torch.float64)
    ranks = torch.arange(1, relevant.shape[1] + 1, dtype=torch.float64)
    return (relevant.cumsum(dim=1) / ranks * relevant).sum(dim=1) / relevant.sum(dim=1)
