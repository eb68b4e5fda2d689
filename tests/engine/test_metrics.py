"""Rates, intervals, AUROC, thresholds: against published figures and brute force."""

from __future__ import annotations

import time

import numpy as np
import pytest

from zepad_engine.evidence import Rate
from zepad_engine.intervals import mean_of_rates, wilson
from zepad_engine.metrics import (
    auroc,
    effective_rank,
    mcnemar,
    mean_of,
    paired_difference,
    rate_of,
    roc_points,
    spearman,
    threshold_for,
)


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
    assert auroc(np.ones(9), np.ones(4)) == Rate(value=0.5, n=13, low=0.5, high=0.5)


def test_auroc_interval_covers_the_true_area():
    # Normal scores one deviation apart: the area is Phi(1 / sqrt 2) = 0.76025.
    draw = np.random.default_rng(7)
    found = [auroc(draw.normal(0, 1, 60), draw.normal(1, 1, 40)) for _ in range(200)]
    covered = sum(rate.low <= 0.76025 <= rate.high for rate in found)
    # 95 % of 200 are 190; 180 to 198 is where a right interval lies all but once in 500 times.
    assert 180 <= covered <= 198
    assert np.mean([rate.high - rate.low for rate in found]) == pytest.approx(0.19, abs=0.02)


def test_auroc_resamples_both_sides_apart_and_always_alike():
    draw = np.random.default_rng(3)
    negatives, positives = draw.normal(0, 1, 30), draw.normal(1, 1, 50)
    rate, again = auroc(negatives, positives), auroc(negatives[::-1].copy(), draw.permutation(positives))
    assert rate == again
    areas = [brute_area(draw.choice(negatives, 30), draw.choice(positives, 50)) for _ in range(400)]
    low, high = np.percentile(areas, [2.5, 97.5])
    assert (rate.low, rate.high) == (pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.03))


def test_scores_that_do_not_overlap_have_an_interval_all_the_same():
    apart = auroc(np.arange(20.0), np.arange(100.0, 130.0))
    assert (apart.value, apart.low, apart.high, apart.n) == (1.0, wilson(20, 20).low, 1.0, 50)
    turned = auroc(np.arange(100.0, 130.0), np.arange(20.0))
    assert (turned.value, turned.low, turned.high) == (0.0, 0.0, wilson(0, 20).high)


def test_a_thousand_against_a_thousand_take_a_moment():
    draw = np.random.default_rng(0)
    negatives, positives = draw.normal(0, 1, 1000), draw.normal(1, 1, 1000)
    started = time.process_time()
    for _ in range(3):
        auroc(negatives, positives)
    # 0.04 s each on an idle core; the rest is room for a busy machine.
    assert (time.process_time() - started) / 3 < 0.2


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


def test_the_mean_of_values_and_its_bootstrap():
    draw = np.random.default_rng(0)
    values = draw.random(300)
    rate = mean_of(values)
    assert (rate.value, rate.n) == (pytest.approx(values.mean()), 300)
    # The mean of 300 is near enough to normal.
    half = 1.96 * values.std() / 300**0.5
    assert (rate.low, rate.high) == (
        pytest.approx(rate.value - half, abs=3e-3),
        pytest.approx(rate.value + half, abs=3e-3),
    )
    assert mean_of(values) == rate
    assert mean_of(np.full(9, 0.25)) == Rate(value=0.25, n=9, low=0.25, high=0.25)
    assert mean_of(np.zeros(0)) == wilson(0, 0)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # 2 x 1/2
        (5, 0, 0.0625),  # 2 / 2^5
        (1, 6, 0.125),  # 2 (1 + 7) / 2^7
        (3, 3, 1.0),
        (10, 2, 0.03857421875),  # 2 (1 + 12 + 66) / 2^12
        (2, 10, 0.03857421875),
    ],
)
def test_mcnemar_by_hand(only_a, only_b, p):
    assert mcnemar(only_a, only_b) == pytest.approx(p, rel=1e-12)


def test_mcnemar_of_many_images_is_the_normal_approximation():
    # 5,150 against 4,850: z = (300 - 1) / 100 with the correction for continuity, two-sided 0.00279.
    assert mcnemar(5150, 4850) == pytest.approx(0.002790, abs=2e-5)
    assert 0 <= mcnemar(0, 5000) < 1e-300


def test_a_paired_difference_by_hand():
    # Bonett and Price: (10 + 1) / 102 - (2 + 1) / 102 = 8/102, variance (14/102 - (8/102)^2) / 102.
    value, low, high = paired_difference(10, 2, 100)
    half = 1.959964 * ((14 / 102 - (8 / 102) ** 2) / 102) ** 0.5
    assert value == pytest.approx(0.08)
    assert (low, high) == (pytest.approx(8 / 102 - half, abs=1e-6), pytest.approx(8 / 102 + half, abs=1e-6))
    assert (round(low, 4), round(high, 4)) == (0.0082, 0.1487)
    assert paired_difference(2, 10, 100) == pytest.approx((-value, -high, -low))


def test_a_paired_difference_at_its_ends():
    value, low, high = paired_difference(0, 0, 50)
    assert value == 0
    assert low == pytest.approx(-high)
    assert high > 0.03
    assert paired_difference(10, 0, 10)[::2] == (1.0, 1.0)
    assert paired_difference(0, 0, 0) == (0.0, -1.0, 1.0)


def test_spearman_with_ties_by_hand():
    # Ranks 1.5 1.5 3 4 5 against 2 1 3.5 3.5 5: products of the centred ranks 9, squares 9.5 and 9.5.
    rho, _ = spearman(np.array([1.0, 1, 2, 3, 9]), np.array([5.0, 4, 6, 6, 8]))
    assert rho == pytest.approx(9 / 9.5)


def test_spearman_of_few_pairs_counts_every_order():
    ordered = np.arange(5.0)
    # Of 120 orders only the same one and its reverse are as extreme.
    assert spearman(ordered, ordered**3) == (pytest.approx(1.0), pytest.approx(2 / 120))
    assert spearman(ordered, -ordered) == (pytest.approx(-1.0), pytest.approx(2 / 120))
    # rho = 1 - 6 * 2 / (3 * 8) = 0.5: of 6 orders two have 1 or -1, all others have 0.5 or -0.5.
    assert spearman(np.arange(3.0), np.array([0.0, 2, 1])) == (pytest.approx(0.5), 1.0)


def test_spearman_of_many_pairs_draws_orders():
    draw = np.random.default_rng(0)
    first = draw.normal(size=40)
    rho, p = spearman(first, first + 0.5 * draw.normal(size=40))
    assert rho > 0.7
    # None of the 9,999 drawn orders comes near.
    assert p == pytest.approx(1e-4)
    # Squared differences 28: rho = 1 - 6 * 28 / 990 = 0.830, in Zar's table the critical value of 0.005 for n = 10.
    tenth = np.array([1, 4, 2, 7, 3, 5, 6, 10, 9, 8], dtype=float)
    rho, p = spearman(np.arange(10.0), tenth)
    assert rho == pytest.approx(1 - 6 * 28 / 990)
    assert p == pytest.approx(0.005, abs=0.002)
    assert spearman(np.arange(10.0), tenth) == (rho, p)


def test_what_never_changes_has_no_rank_correlation():
    assert spearman(np.ones(6), np.arange(6.0)) == (0.0, 1.0)


def test_effective_rank():
    assert effective_rank(np.eye(7)) == pytest.approx(7)
    assert effective_rank(np.ones((5, 3))) == pytest.approx(1, abs=1e-6)
    # Singular values 3 and 1: shares 3/4 and 1/4.
    values = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert effective_rank(np.array([[3.0, 0], [0, 1], [0, 0]])) == pytest.approx(np.exp(values))
    assert effective_rank(np.array([[3.0, 0, 0], [0, 1, 0]])) == pytest.approx(np.exp(values))
    assert effective_rank(np.zeros((4, 2))) == 0
    features = np.random.default_rng(0).normal(size=(60, 20))
    shares = (s := np.linalg.svd(features, compute_uv=False)) / s.sum()
    assert effective_rank(features) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-6)
