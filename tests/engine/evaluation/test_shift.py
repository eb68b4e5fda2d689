"""Label-free measures against features small enough to follow by eye."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from zepad_engine.evaluation.shift import cluster_centres, cluster_fooling, neighbour_overlap, shifts_of
from zepad_engine.intervals import wilson
from zepad_engine.metrics import effective_rank


def around(*degrees):
    """Features on the unit circle."""
    angles = torch.tensor(degrees, dtype=torch.float64) * math.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=1)


#           0  1   2   3    4    5
CLEAN = around(0, 10, 25, 180, 190, 205)


def test_neighbours_that_stay():
    # With k = 2 each image has the other two of its group.
    assert neighbour_overlap(CLEAN, CLEAN, k=2) == 1.0
    # Image 0 goes over to the others: both its neighbours are lost, nobody else's are, since the gallery is clean.
    gone = CLEAN.clone()
    gone[0] = around(192)[0]
    assert neighbour_overlap(CLEAN, gone, k=2) == pytest.approx(10 / 12)


def test_an_image_is_never_its_own_neighbour():
    # At 12 degrees image 0 is nearest to 1 (2 degrees off), then to itself as it was (12), then to 2 (13).
    moved = CLEAN.clone()
    moved[0] = around(12)[0]
    assert neighbour_overlap(CLEAN, moved, k=2) == 1.0
    assert neighbour_overlap(CLEAN, moved, k=1) == 1.0
    # Past the middle between 1 and 2 its nearest is 2: of six single neighbours one is lost.
    moved[0] = around(20)[0]
    assert neighbour_overlap(CLEAN, moved, k=1) == pytest.approx(5 / 6)


def test_few_images_have_as_many_neighbours_as_there_are():
    assert neighbour_overlap(CLEAN[:3], CLEAN[:3].flip(0)) == 1.0
    assert neighbour_overlap(CLEAN[:1], CLEAN[3:4]) == 1.0


def test_clusters_that_are_fooled():
    centres = cluster_centres(CLEAN, 2)
    # The mean of each group, 11.67 and 191.67 degrees.
    expected = torch.stack([CLEAN[:3].mean(dim=0), CLEAN[3:].mean(dim=0)])
    order = centres[:, 0].argsort(descending=True)
    assert torch.allclose(centres[order], expected)
    lengths = torch.tensor([[1.0], [30], [2], [1], [9], [40]])
    assert torch.allclose(cluster_centres(CLEAN * lengths, 2), centres)
    moved = CLEAN.clone()
    moved[1], moved[4] = around(170)[0], around(150)[0] * 7
    # Image 1 changes sides, image 4 does not; how long a feature is does not matter.
    assert cluster_fooling(CLEAN, moved, centres) == wilson(1, 6)
    assert cluster_fooling(CLEAN, CLEAN * 3, centres) == wilson(0, 6)


def test_there_are_no_more_clusters_than_images_and_equal_images_do_no_harm():
    assert len(cluster_centres(CLEAN[:2], 5)) == 2
    same = cluster_centres(CLEAN[:1].repeat(4, 1), 3)
    assert same.shape == (3, 2)
    assert torch.isfinite(same).all()


def test_the_clusters_repeat():
    features = torch.randn(80, 6, generator=torch.Generator().manual_seed(0)).double()
    first = cluster_centres(features, 7)
    torch.manual_seed(5)
    assert torch.equal(cluster_centres(features, 7), first)


def test_all_measures_of_two_attacks():
    turned = torch.stack([-CLEAN[:, 1], CLEAN[:, 0]], dim=1)
    found = shifts_of(CLEAN, {"none": CLEAN.float(), "turned": turned, "over": -2 * CLEAN}, 2)
    assert list(found) == ["none", "turned", "over"]
    # A quarter turn is a cosine of 0, half a turn one of -1.
    assert [shift.cosine_shift for shift in found.values()] == pytest.approx([0, 1, 2], abs=1e-6)
    assert found["over"].cluster_fooling == wilson(6, 6)
    assert found["none"].cluster_fooling == wilson(0, 6)
    # All five others are neighbours: none can be lost.
    assert [shift.neighbour_overlap for shift in found.values()] == [1.0, 1.0, 1.0]
    assert found["turned"].rank_clean == pytest.approx(effective_rank(CLEAN.numpy()))
    # Turning keeps the singular values.
    assert found["turned"].rank_moved == pytest.approx(found["turned"].rank_clean)
    flat = shifts_of(CLEAN, {"flat": torch.tensor(np.tile([1.0, 0.0], (6, 1)))}, 2)["flat"]
    assert flat.rank_moved == pytest.approx(1.0, abs=1e-6)
    assert flat.rank_clean > 1.3
