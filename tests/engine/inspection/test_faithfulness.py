"""Deletion and insertion on a branch that looks at one known corner."""

from __future__ import annotations

import itertools

import pytest
import torch

from tests.support.known_nets import SIDE, cornered_branch
from zepad_engine.inspection.attribution import GREY
from zepad_engine.inspection.faithfulness import faithfulness

BRIGHT = torch.full((1, 3, SIDE, SIDE), 0.9)


def probability(images):
    return cornered_branch()(images).softmax(dim=1)[:, 1]


def corner_first():
    values = torch.zeros(SIDE, SIDE)
    values[:4, :4] = 1
    return values


def test_a_faithful_map_loses_the_answer_at_once_and_wins_it_back_at_once():
    worth = faithfulness(corner_first(), BRIGHT, probability, 64)
    wrong = faithfulness(1 - corner_first(), BRIGHT, probability, 64)
    assert worth.deletion < worth.insertion
    assert wrong.deletion > wrong.insertion
    assert worth.deletion < wrong.deletion - 0.3
    assert worth.insertion > wrong.insertion + 0.3


@pytest.mark.parametrize("batch", [1, 64])
def test_the_areas_by_hand(batch):
    """The answer is the share of pixels that are left: of any map both areas are a half."""

    def left(images):
        return (images != GREY).float().mean(dim=(1, 2, 3))

    values = torch.rand(SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    assert faithfulness(values, BRIGHT, left, batch) == pytest.approx((0.5, 0.5), abs=1e-3)


def test_the_most_important_pixels_go_first():
    """The answer is the first row; the map says so: gone after 1/16 of the pixels, the rest of the way 0."""
    values = torch.zeros(SIDE, SIDE)
    values[0] = torch.arange(SIDE, 0, -1)

    def first_row(images):
        return (images[:, 0, 0] != GREY).float().mean(dim=1)

    worth = faithfulness(values, BRIGHT, first_row, 64)
    # Fractions are twentieths: 13 of 256 pixels are gone after the first step, 26 after the second.
    heights = [1, 3 / 16, *([0] * 19)]
    by_hand = sum((one + other) / 2 for one, other in itertools.pairwise(heights)) / 20
    assert worth == pytest.approx((by_hand, 1 - by_hand), abs=1e-6)


def test_a_flat_map_scores_as_a_random_order_does():
    """Of a branch that looks at the first row, pixel by pixel from the left that row would be gone at once."""

    def first_row(images):
        return (images[:, 0, 0] != GREY).float().mean(dim=1)

    assert faithfulness(torch.zeros(SIDE, SIDE), BRIGHT, first_row, 64) == pytest.approx((0.5, 0.5), abs=0.12)


def test_an_answer_beyond_its_range_stays_in_it():
    worth = faithfulness(corner_first(), BRIGHT, lambda images: -torch.ones(len(images)), 64)
    assert worth == (0.0, 0.0)
