"""Recall@1 and mean average precision of a gallery of five images."""

from __future__ import annotations

import math

import pytest
import torch

from zepad_engine.evaluation.retrieval import average_precisions, retrieval_of, side_by_side
from zepad_engine.intervals import wilson


def around(*degrees):
    angles = torch.tensor(degrees, dtype=torch.float32) * math.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=1)


GALLERY, GALLERY_LABELS = around(0, 20, 40, 60, 80), torch.tensor([0, 1, 0, 1, 1])


def retrieve(queries, labels):
    return retrieval_of(
        queries, torch.tensor(labels), GALLERY, GALLERY_LABELS, branch="victim", attack="none", task="toy"
    )


def test_retrieval_by_hand():
    found = retrieve(around(1, 38, 79), [0, 1, 1])
    # From 1 degree the gallery comes as 0 1 0 1 1: for class 0 precision is 1 at rank 1 and 2/3 at rank 3.
    # From 38: 40 (0), 20 (1), 60 (1), 0 (0), 80 (1): for class 1 precision is 1/2, 2/3, 3/5.
    # From 79: 80 60 (both 1), 40 (0), 20 (1), 0: 1, 1, 3/4.
    precisions = [(1 + 2 / 3) / 2, (1 / 2 + 2 / 3 + 3 / 5) / 3, (1 + 1 + 3 / 4) / 3]
    assert found.recall_at_1 == wilson(2, 3)
    assert found.mean_average_precision.value == pytest.approx(sum(precisions) / 3)
    assert found.mean_average_precision.n == 3
    assert min(precisions) <= found.mean_average_precision.low < found.mean_average_precision.value
    assert (found.branch, found.attack, found.task, found.gallery) == ("victim", "none", "toy", 5)


def test_how_long_a_feature_is_does_not_matter():
    assert retrieve(around(1, 38, 79) * torch.tensor([[0.1], [5], [40]]), [0, 1, 1]) == retrieve(
        around(1, 38, 79), [0, 1, 1]
    )


def test_a_class_the_gallery_lacks_counts_for_recall_only():
    found = retrieve(around(1, 2), [0, 7])
    assert found.recall_at_1 == wilson(1, 2)
    assert found.mean_average_precision.n == 1
    assert found.mean_average_precision.value == pytest.approx(5 / 6)


def test_average_precision_of_rankings():
    relevant = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 1]]).bool()
    assert average_precisions(relevant).tolist() == pytest.approx([1.0, (1 / 3 + 2 / 4) / 2, 1 / 4])


def test_branches_side_by_side_have_the_mean_of_their_similarities():
    one, other = around(0, 90) * 10, around(0, 60)
    joined = side_by_side([one, other])
    assert joined.shape == (2, 4)
    cosine = float(torch.nn.functional.cosine_similarity(joined[:1], joined[1:]))
    assert cosine == pytest.approx((0 + 0.5) / 2, abs=1e-6)
