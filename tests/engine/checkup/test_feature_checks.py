"""Effective rank, spread and gradients, against values known beforehand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from tests.support.tiny import tiny_encoder, tiny_images
from zepad_engine.checkup.cost import multiply_adds
from zepad_engine.checkup.features import check_features, effective_rank, gradient_share


def spectrum(values, images=40):
    """Centred features (images, len(values)) with exactly these singular values."""
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(images, len(values), generator=generator, dtype=torch.float64)
    left, _, right = torch.linalg.svd(raw - raw.mean(dim=0), full_matrices=False)
    return left @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ right


@pytest.mark.parametrize(
    ("values", "rank"),
    [
        ([1.0, 1.0, 1.0, 1.0], 4.0),
        ([1.0, 1e-12, 1e-12], 1.0),
        # Shares 1/2, 1/4, 1/4: entropy 1.5 ln 2.
        ([2.0, 1.0, 1.0], 2**1.5),
    ],
)
def test_effective_rank_of_a_known_spectrum(values, rank):
    assert effective_rank(spectrum(values) + 7.0) == pytest.approx(rank, rel=1e-6)


def test_features_that_are_all_alike():
    found = check_features("x", torch.full((20, 8), 3.0), gradients=1.0)
    assert (found.effective_rank, found.spread, found.dimensions) == (1.0, 0.0, 8)


def test_spread_is_the_distance_to_the_mean_over_the_length():
    features = torch.tensor([[3.0, 4.0], [3.0, -4.0]])
    # Mean feature (3, 0): both lie 4 away and are 5 long.
    assert check_features("x", features, 1.0).spread == pytest.approx(0.8)


def test_features_that_are_no_numbers():
    features = torch.rand(20, 8)
    features[3, 3] = math.inf
    found = check_features("x", features, gradients=1.0)
    assert (found.finite, found.effective_rank, found.spread) == (False, 0.0, 0.0)


def test_gradients_reach_every_pixel_of_a_plain_net_and_none_of_a_rounding_one():
    encoder, images = tiny_encoder(), tiny_images(4)
    assert gradient_share(encoder, images) == 1.0
    encoder.backbone.relu = Rounding()
    assert gradient_share(encoder, images) == 0.0


class Rounding(nn.Module):
    def forward(self, activation):
        return activation.round()


def test_multiply_adds_are_counted_by_hand():
    card = tiny_encoder().card
    # Width 8 at 16 px: the stem, then two 3x3 convolutions a stage; 1x1 shortcuts in stages 2 to 4.
    stem = 16 * 16 * 8 * 27
    stages = sum(
        (side**2) * (out * into * 9 + out * out * 9 + (out * into if index else 0))
        for index, (side, into, out) in enumerate(((16, 8, 8), (8, 8, 16), (4, 16, 32), (2, 32, 64)))
    )
    assert card.input_size == 16
    assert multiply_adds(tiny_encoder()) == stem + stages
