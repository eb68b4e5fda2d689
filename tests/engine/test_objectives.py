"""Appendix A of the method: figures made with the official functions in float64."""

from __future__ import annotations

import pytest
import torch

from zepad_engine.objectives import genetic_regularisation, high_pass, info_nce, pair_distances

A = torch.tensor([[2, 0, 0], [0, 1, 1], [1, 2, 0], [0, 0, 3]], dtype=torch.float64)
B = torch.tensor([[1, 1, 0], [0, 2, 1], [1, 1, 1], [1, 0, 2]], dtype=torch.float64)
LABELS = torch.tensor([0, 1, 1, 2])
WEIGHTS = torch.tensor([0.5, 2, 4, 1], dtype=torch.float64)
NO_WEIGHTS = torch.zeros(4, dtype=torch.float64)


@pytest.mark.parametrize(
    ("first", "second", "weights", "figure"),
    [
        (A, B, WEIGHTS, 0.0636223718),
        (B, A, WEIGHTS, 0.1062633303),
        (A, B, NO_WEIGHTS, 0.0790492957),
        (A, A, NO_WEIGHTS, 0.0),
    ],
)
def test_genetic_regularisation_gives_the_official_figures(first, second, weights, figure):
    assert float(genetic_regularisation(first, second, LABELS, weights)) == pytest.approx(figure, abs=5e-8)


def test_without_labels_nothing_is_blended():
    plain = genetic_regularisation(A, B)
    assert float(plain) == pytest.approx(0.0790492957, abs=5e-8)
    assert float(genetic_regularisation(A, B, LABELS, None)) == float(plain)


def test_the_gradient_reaches_the_adversarial_features_only():
    moved, target = A.clone().requires_grad_(True), B.clone().requires_grad_(True)
    genetic_regularisation(moved, target.detach(), LABELS, WEIGHTS).backward()
    assert moved.grad is not None
    assert float(moved.grad.abs().sum()) > 0.01
    assert target.grad is None


def test_the_gradient_flows_through_both_where_nothing_is_detached():
    moved, target = A.clone().requires_grad_(True), B.clone().requires_grad_(True)
    genetic_regularisation(moved, target).backward()
    assert float(target.grad.abs().sum()) > 0.01


def test_it_is_a_sum_over_pairs_and_grows_with_the_batch():
    # Method 2.4: of the order of 16 on random 256 x 10 logits.
    generator = torch.Generator().manual_seed(0)
    logits, others = (torch.randn(256, 10, generator=generator) for _ in range(2))
    labels = torch.randint(0, 10, (256,), generator=generator)
    weights = torch.nn.functional.cross_entropy(others, labels, reduction="none")
    full = float(genetic_regularisation(logits, others, labels, weights))
    assert 10 < full < 30
    assert float(genetic_regularisation(logits[:64], others[:64], labels[:64], weights[:64])) < full / 2


def test_pair_distances_by_hand():
    # Angles of 0, 90 and 45 degrees: each row's nearest neighbour stands at 1 - cos 45.
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    near = 1 - 2**-0.5
    expected = torch.tensor([[0, 1 - near, 0], [1 - near, 0, 0], [0, 0, 0]])
    torch.testing.assert_close(pair_distances(rows), expected, atol=1e-6, rtol=0)


def test_info_nce_figures():
    rows = torch.eye(3, dtype=torch.float64)
    assert float(info_nce(rows, rows, 0.1)) == pytest.approx(9.08e-5, abs=5e-8)
    assert float(info_nce(rows, rows.roll(1, 0), 0.1)) == pytest.approx(10.00009, abs=1e-5)


def test_info_nce_does_not_see_the_length_of_a_row():
    generator = torch.Generator().manual_seed(0)
    queries, keys = (torch.randn(5, 7, generator=generator) for _ in range(2))
    assert float(info_nce(queries * 3, keys * 0.2, 0.1)) == pytest.approx(float(info_nce(queries, keys, 0.1)), rel=1e-5)


def test_high_pass_removes_193_frequencies():
    impulse = torch.zeros(1, 1, 64, 64)
    impulse[..., 20, 31] = 1
    spectrum = torch.fft.fft2(high_pass(impulse, 8))
    assert int((spectrum.abs() < 1e-4).sum()) == 193
    assert float(high_pass(impulse, 8).square().sum()) == pytest.approx(0.952881, abs=1e-6)


@pytest.mark.parametrize(("size", "radius"), [(32, 4.0), (33, 4.0), (64, 8.0), (21, 3.5)])
def test_half_the_spectrum_gives_what_the_whole_gives(size, radius):
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(size))
    place = torch.arange(size) - size // 2
    keep = (place[:, None] ** 2 + place[None, :] ** 2) >= radius**2
    whole = torch.fft.fftshift(torch.fft.fft2(images), dim=(-2, -1)) * keep
    expected = torch.fft.ifft2(torch.fft.ifftshift(whole, dim=(-2, -1))).real
    torch.testing.assert_close(high_pass(images, radius), expected, rtol=1e-5, atol=1e-5)


def test_high_pass_of_a_constant_is_nothing():
    assert float(high_pass(torch.full((2, 3, 64, 64), 0.7), 8).abs().max()) < 1e-6


def test_high_pass_treats_each_image_by_itself():
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    together = high_pass(images, 4)
    for index in range(3):
        torch.testing.assert_close(together[index : index + 1], high_pass(images[index : index + 1], 4))
