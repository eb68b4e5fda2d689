"""Rates, intervals, AUROC, thresholds: against published figures and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from zepad_engine.findings import Rate
from zepad_engine.metrics import auroc, mean_of_rates, rate_of, roc_points, threshold_for, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(50, 100, 40.4, 59.6), (500, 1000, 46.9, 53.1), (5000, 10000, 49.0, 51.0), (95, 100, 88.8, 97.8)],
)
def test_wilson_figures(right, n, low, high):
    rate = wilson(right, n)
    assert (rate.value, rate.n) == (right / n, n)
    assert (round(rate.low * 100, 1), round(rate.high * 100, 1)) == (low, high)


@pytest.mark.parametrize(("n", "high"), [(200, 1.88), (1000, 0.38)])
def test_no_success_still_has_an_upper_end(n, high):
    rate = wilson(0, n)
    assert (rate.value, rate.low) == (0.0, 0.0)
    assert round(rate.high * 100, 2) == high


def test_all_successes_mirror_none():
    assert wilson(200, 200).low == pytest.approx(1 - wilson(0, 200).high)
    assert wilson(200, 200).high == 1.0


def test_no_images_say_nothing():
    assert wilson(0, 0) == Rate(value=0.0, n=0, low=0.0, high=1.0)
    assert rate_of(np.zeros(0, dtype=bool)).n == 0


def test_rate_of_counts_flags():
    flags = np.array([True, False, True, True, False])
    assert rate_of(flags) == wilson(3, 5)


def test_the_mean_of_rates_weighs_tasks_alike():
    mean = mean_of_rates([wilson(90, 100), wilson(100, 200)])
    assert mean.value == pytest.approx(0.7)
    assert mean.n == 300
    # Two equal tasks: the interval of the mean is narrower by the square root of two.
    one = wilson(500, 1000)
    both = mean_of_rates([one, one])
    assert both.high - both.low == pytest.approx((one.high - one.low) / 2**0.5)


def brute_area(negatives, positives):
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(negatives) * len(positives))


@pytest.mark.parametrize("seed", range(5))
def test_auroc_counts_every_pair_and_halves_ties(seed):
    draw = np.random.default_rng(seed)
    negatives = draw.integers(0, 8, 40).astype(float)
    positives = draw.integers(2, 10, 55).astype(float)
    assert len(set(negatives) & set(positives)) > 2
    rate = auroc(negatives, positives)
    assert rate.value == pytest.approx(brute_area(negatives, positives), abs=1e-12)
    assert rate.n == 95
    assert rate.low < rate.value < rate.high


def test_auroc_at_its_ends():
    assert auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])).value == 1.0
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])).value == 0.0
    assert auroc(np.ones(9), np.ones(4)).value == 0.5


def test_auroc_interval_is_that_of_hanley_and_mcneil():
    # Worked example of the paper's formula: area 0.893, 58 normal and 51 abnormal, standard error 0.032.
    draw = np.random.default_rng(0)
    negatives, positives = draw.normal(0, 1, 58), draw.normal(1.757, 1, 51)
    rate = auroc(negatives, positives)
    area = rate.value
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    error = ((area * (1 - area) + 50 * (q1 - area**2) + 57 * (q2 - area**2)) / (58 * 51)) ** 0.5
    assert rate.value - rate.low == pytest.approx(1.96 * error, rel=1e-3)
    assert 0.02 < error < 0.05


@pytest.mark.parametrize("target", [0.001, 0.01, 0.05, 0.1, 0.29, 0.5])
@pytest.mark.parametrize("n", [1, 7, 100, 999])
def test_at_most_the_target_share_exceeds_the_threshold(target, n):
    draw = np.random.default_rng(n)
    for scores in (draw.normal(size=n), draw.integers(0, 5, n).astype(float), np.zeros(n)):
        threshold = threshold_for(scores, target)
        assert (scores > threshold).mean() <= target
        lower = scores[scores < threshold]
        if len(lower):
            # Any smaller score of the images would let too many through.
            assert (scores > lower.max()).sum() > np.floor(target * n)


def test_threshold_by_hand():
    assert threshold_for(np.arange(1, 101).astype(float), 0.05) == 95.0
    assert threshold_for(np.arange(1, 101).astype(float), 0.01) == 99.0


@pytest.mark.parametrize("count", [3, 60, 4000])
def test_roc_goes_from_corner_to_corner_and_never_back(count):
    draw = np.random.default_rng(count)
    points = roc_points(draw.normal(0, 1, count), draw.normal(1, 1, count))
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, 1.0)
    assert len(points) <= 101
    assert list(points) == sorted(points)


def test_the_area_under_the_points_is_the_auroc():
    draw = np.random.default_rng(1)
    negatives, positives = draw.normal(0, 1, 45), draw.normal(1, 1, 45)
    points = np.array(roc_points(negatives, positives))
    area = np.trapezoid(points[:, 1], points[:, 0])
    assert area == pytest.approx(auroc(negatives, positives).value, abs=1e-4)


@pytest.mark.parametrize("right", [40, 39, 1, 0])
def test_the_mean_of_one_rate_is_that_rate(right):
    mean, one = mean_of_rates([wilson(right, 40)]), wilson(right, 40)
    assert (mean.value, mean.low, mean.high) == pytest.approx((one.value, one.low, one.high), abs=1e-3)
