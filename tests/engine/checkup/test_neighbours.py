"""The k-NN probe: right on separable features, at chance on noise, and its interval covers what it should."""

from __future__ import annotations

import pytest
import torch

from zepad_engine.checkup.neighbours import compare_neighbours, nearest_agree


def clouds(count, apart, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4
    centres = torch.eye(16)[:4] * apart
    return centres[labels] + torch.randn(count, 16, generator=generator), labels


def test_clouds_far_apart_are_told_apart_and_a_lone_image_is_not_its_own_neighbour():
    features, labels = clouds(80, 20.0)
    assert nearest_agree(features, labels).all()
    features[0], labels[0] = features[1], 3
    assert labels[1] != 3
    # Image 0 lies exactly on image 1, of another class: with itself among its neighbours it would still be right.
    assert not nearest_agree(features, labels)[0]


def test_noise_is_at_chance():
    features, labels = clouds(600, 0.0)
    assert float(nearest_agree(features, labels).float().mean()) == pytest.approx(0.25, abs=0.06)


def test_the_difference_is_paired():
    good, labels = clouds(200, 20.0)
    noise, _ = clouds(200, 0.0, seed=1)
    other, _ = clouds(200, 1.0, seed=2)
    found = compare_neighbours("signs", good, [noise, other], labels)
    assert (found.accuracy, found.queries, found.bank, found.draws) == (1.0, 200, 199, 2)
    middle = found.accuracy - found.random_accuracy
    drawn = torch.stack([nearest_agree(each, labels).double() for each in (noise, other)])
    assert found.random_accuracy == pytest.approx(float(drawn.mean()))
    by_image = float((1 - drawn.mean(dim=0)).var()) / 200
    by_draw = float(drawn.mean(dim=1).var()) * 1.5
    half = 1.959964 * (by_image + by_draw) ** 0.5
    assert (found.low, found.high) == (pytest.approx(middle - half), pytest.approx(middle + half))


def test_the_same_features_differ_by_nothing():
    features, labels = clouds(100, 1.0)
    found = compare_neighbours("signs", features, [features, features], labels)
    assert (found.low, found.high) == (0.0, 0.0)
