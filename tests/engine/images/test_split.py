from __future__ import annotations

import pytest
import torch

from zepad_engine.errors import BadPlan
from zepad_engine.images.split import split_indices

FRACTIONS = {"train": 0.6, "validation": 0.1, "calibration": 0.1, "test": 0.2}


def pictures(count):
    return torch.randint(0, 256, (count, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_stratified_and_complete():
    labels = torch.arange(200) % 4
    splits = split_indices(pictures(200), labels, FRACTIONS, seed=1)
    assert {name: len(indices) for name, indices in splits.items()} == {
        "train": 120,
        "validation": 20,
        "calibration": 20,
        "test": 40,
    }
    assert labels[splits["train"]].bincount().tolist() == [30, 30, 30, 30]
    assert torch.cat(list(splits.values())).sort().values.tolist() == list(range(200))


def test_seeded_without_touching_the_global_generator():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    first, again, other = (split_indices(pictures(50), None, FRACTIONS, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first["test"], again["test"])
    assert not torch.equal(first["test"], other["test"])


def test_identical_pictures_stay_together():
    doubled = pictures(30).repeat(3, 1, 1, 1)
    splits = split_indices(doubled, None, {"train": 0.5, "test": 0.5}, seed=0)
    assert {index % 30 for index in splits["train"].tolist()}.isdisjoint(
        index % 30 for index in splits["test"].tolist()
    )
    assert len(splits["train"]) == 45


def test_shares_must_sum_to_one():
    with pytest.raises(BadPlan, match="sum to 1"):
        split_indices(pictures(4), None, {"train": 0.5}, seed=0)
