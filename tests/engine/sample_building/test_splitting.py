"""Grouping what looks alike, and dividing whole groups."""

import numpy as np
import pytest

from zepad_engine.sample_building.alike import close_pairs, distinct, groups_of
from zepad_engine.sample_building.dividing import divide
from zepad_engine.sample_building.draft import draw_order, shuffled


def flat(*values):
    """One even tile per value."""
    return np.stack([np.full((4, 4, 3), value, dtype=np.uint8) for value in values])


def test_close_pairs_measure_the_root_mean_square_in_steps_of_255():
    pairs = close_pairs(flat(0, 100), flat(3, 105), distance=4)
    assert pairs == [(0, 0)]
    assert close_pairs(flat(0), flat(3), distance=3) == []


def test_pictures_of_one_name_or_of_one_look_share_a_group():
    groups = groups_of(["a", "b", "a", "c", "d"], flat(0, 50, 200, 201, 120), distance=2)
    assert groups == [0, 1, 0, 0, 4]


def test_of_two_that_look_alike_the_first_stays():
    assert distinct(flat(10, 11, 90, 12, 91), distance=1.5) == [0, 2, 3]


def test_shuffling_is_the_same_everywhere():
    assert draw_order(0).startswith("a3de4a816680")
    assert shuffled(range(8)) == [6, 7, 2, 4, 0, 5, 3, 1]
    assert shuffled(range(50)) == shuffled(reversed(range(50))) != list(range(50))


@pytest.mark.parametrize("group_size", [1, 3])
def test_dividing_keeps_groups_whole_and_classes_in_proportion(group_size):
    count = 600
    groups = [index // group_size for index in range(count)]
    labels = [0 if index < count // 3 else 1 for index in range(count)]
    splits = divide(groups, labels, {"test": 150, "calibration": 60})
    assert sorted(index for indices in splits.values() for index in indices) == list(range(count))
    sides = [{groups[index] for index in indices} for indices in splits.values()]
    assert sum(map(len, sides)) == len(set(groups))
    assert 144 <= len(splits["test"]) <= 150
    assert abs(sum(labels[index] == 0 for index in splits["test"]) - 50) <= group_size


def test_a_group_larger_than_the_room_left_goes_to_train():
    splits = divide([0] * 10 + [1] * 2, [0] * 12, {"test": 3})
    assert splits["train"] == list(range(10))
    assert splits["test"] == [10, 11]
