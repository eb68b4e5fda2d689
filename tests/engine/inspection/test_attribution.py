"""Every method against what can be reckoned by hand, and the laws all of them keep."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from tests.support.known_nets import SIDE, conv_branch, cornered_branch, picture, weighted_branch
from tests.support.tiny import trained_encoder
from zepad_engine.inspection.attribution import (
    GREY,
    Subject,
    attribute,
    feature_similarity,
    integrated_gradients,
    occlusion,
    saliency,
)
from zepad_engine.questions import Method

WEIGHTS = torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def about(branch, target=1, batch=7, seed=0):
    return Subject(branch, picture(seed), target, batch)


def test_saliency_of_a_linear_branch_is_its_largest_weight():
    torch.testing.assert_close(saliency(about(weighted_branch(WEIGHTS))), WEIGHTS.abs().max(dim=0).values)


def test_integrated_gradients_of_a_linear_branch_are_weight_times_distance_from_grey():
    found = integrated_gradients(about(weighted_branch(WEIGHTS)))
    torch.testing.assert_close(found, WEIGHTS * (picture()[0] - GREY), atol=1e-5, rtol=1e-4)


def test_integrated_gradients_are_complete():
    """Their sum is what the logit gains on the way from grey, on a trained ResNet too."""
    generator = torch.Generator().manual_seed(0)
    branch = nn.Sequential(trained_encoder(), nn.Linear(64, 3)).requires_grad_(False)
    branch[1].weight.data = torch.randn(3, 64, generator=generator)
    for seed in range(3):
        subject = about(branch, target=seed, seed=seed)
        gained = (branch(subject.picture) - branch(torch.full_like(subject.picture, GREY)))[0, seed]
        assert float(integrated_gradients(subject).sum()) == pytest.approx(float(gained), rel=0.05, abs=0.02)


def test_occlusion_of_a_linear_branch_is_the_mean_of_what_its_squares_hold():
    # At 16 pixels: squares of 3 by 3, 2 apart; the last ones are cut by the edge.
    held = (WEIGHTS * (picture()[0] - GREY)).sum(dim=0)
    total, squares = torch.zeros(SIDE, SIDE), torch.zeros(SIDE, SIDE)
    for top in range(0, SIDE - 1, 2):
        for left in range(0, SIDE - 1, 2):
            total[top : top + 3, left : left + 3] += held[top : top + 3, left : left + 3].sum()
            squares[top : top + 3, left : left + 3] += 1
    found = occlusion(about(weighted_branch(WEIGHTS)))
    torch.testing.assert_close(found, total / squares, atol=1e-4, rtol=1e-4)


def test_feature_similarity_needs_no_head_and_is_the_turn_of_the_features():
    subject = about(cornered_branch())
    bare = Subject(nn.Sequential(subject.encoder), subject.picture, 0, 7)
    found = feature_similarity(bare)
    assert torch.equal(found, feature_similarity(subject))
    assert float(found[5:, 5:].abs().max()) < 1e-6
    # The pixel in the corner is in the first square alone, 3 by 3.
    covered = subject.picture.clone()
    covered[:, :, :3, :3] = GREY
    before, after = (subject.encoder(images)[0] for images in (subject.picture, covered))
    turn = 1 - float(nn.functional.cosine_similarity(before, after, dim=0))
    assert float(found[0, 0]) == pytest.approx(turn, abs=1e-6)
    assert turn > 1e-4


@pytest.mark.parametrize("method", get_args(Method))
def test_every_method_gives_values_of_one_shape_whatever_fits_into_a_pass(method):
    found = [attribute(method, about(conv_branch(), batch=batch)) for batch in (3, 256)]
    for values in found:
        assert (values.shape, values.dtype, values.device.type) == ((SIDE, SIDE), torch.float32, "cpu")
        assert float(values.min()) >= 0
        assert float(values.max()) > 0
        assert not values.requires_grad
    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "occlusion", "feature_similarity"])
def test_every_method_points_at_what_the_branch_looks_at(method):
    bright = torch.full((1, 3, SIDE, SIDE), 0.9)
    values = attribute(method, Subject(cornered_branch(), bright, 1, 64))
    assert float(values[:4, :4].sum()) > 0.7 * float(values.sum())


def test_what_speaks_against_the_class_is_not_shown():
    weights = torch.ones(3, SIDE, SIDE)
    weights[:, :, 8:] = -1
    bright = Subject(weighted_branch(weights), torch.full((1, 3, SIDE, SIDE), 0.9), 1, 64)
    for method in ("integrated_gradients", "occlusion"):
        values = attribute(method, bright)
        assert float(values[:, :7].min()) > 0
        assert float(values[:, 10:].max()) == 0
