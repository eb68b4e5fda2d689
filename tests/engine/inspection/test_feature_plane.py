"""The map of features: its axes are those of PCA, and it does not flip."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zepad_engine.inspection.feature_plane import cosines, fit_plane, unit


def features(count=60, dimensions=8):
    generator = torch.Generator().manual_seed(0)
    spread = torch.tensor([5.0, 2.0, *([0.2] * (dimensions - 2))])
    return torch.randn(count, dimensions, generator=generator) * spread + torch.arange(dimensions)


def test_the_axes_and_their_share_are_those_of_a_singular_value_decomposition():
    known = unit(features()).numpy()
    _, values, directions = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
    plane = fit_plane(features())
    assert plane.share == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
    for ours, theirs in zip(plane.axes.numpy(), directions[:2], strict=True):
        assert abs(float(ours @ theirs)) == pytest.approx(1.0)
        assert ours[np.abs(ours).argmax()] > 0
    np.testing.assert_allclose(
        np.abs(plane.place(features()).numpy()), np.abs((known - known.mean(0)) @ directions[:2].T)
    )


def test_the_map_does_not_flip_when_the_images_come_in_another_order():
    other = fit_plane(features().flip(0))
    torch.testing.assert_close(fit_plane(features()).place(features()[:3]), other.place(features()[:3]))


@pytest.mark.parametrize("known", [torch.ones(5, 4), torch.zeros(5, 4), torch.ones(1, 4)])
def test_features_that_do_not_differ_have_no_axes(known):
    plane = fit_plane(known)
    assert plane.share == 0
    assert torch.equal(plane.place(known), torch.zeros(len(known), 2, dtype=torch.float64))


def test_a_single_feature_has_one_axis():
    plane = fit_plane(torch.tensor([[1.0], [-1.0], [2.0]]))
    assert plane.share == pytest.approx(1.0)
    assert torch.equal(plane.place(torch.tensor([[3.0]]))[:, 1], torch.zeros(1, dtype=torch.float64))


def test_cosines_by_hand():
    others = torch.tensor([[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    expected = torch.tensor([1.0, 0.0, -1.0, 0.5**0.5, 0.0], dtype=torch.float64)
    torch.testing.assert_close(cosines(torch.tensor([5.0, 0.0]), others), expected)
