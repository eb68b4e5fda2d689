"""Rates and their intervals, AUROC, thresholds, paired tests, ranks: pure functions on numpy arrays. Loads no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from zepad_engine.evidence import Rate
from zepad_engine.intervals import wilson

_Z = 1.959963984540054
_RESAMPLES = 2000
# Draws held at a time: few enough for the cache, which halves the time.
_BLOCK = 100_000
# Up to this many pairs every permutation is looked at (5,040); above, as many as are drawn here, and the one seen.
_EXACT_PAIRS = 7
_PERMUTATIONS = 9999

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def rate_of(flags: Flags) -> Rate:
    """The share of True with its Wilson interval."""
    return wilson(int(flags.sum()), int(flags.size))


def auroc(negatives: Scores, positives: Scores) -> Rate:
    """Area under the ROC with ties counted half, n = negatives + positives.

    95 % interval: percentiles of 2,000 seeded bootstrap resamples, negatives and positives drawn apart (Efron and
    Tibshirani 1993). Scores that do not overlap leave nothing to resample; they give Wilson's interval of as many
    successes (or none) as there are disjoint pairs of a negative and a positive.
    """
    negatives, positives = np.sort(negatives), np.sort(positives)
    below = np.searchsorted(negatives, positives, side="left")
    upto = np.searchsorted(negatives, positives, side="right")
    m, n = len(positives), len(negatives)
    area = float((below + upto).sum() / (2 * m * n))
    if area in (0.0, 1.0):
        pairs = min(m, n)
        apart = wilson(round(area * pairs), pairs)
        return Rate(value=area, n=m + n, low=apart.low, high=apart.high)
    areas = [_areas(drawn, other, below, upto) for drawn, other in _resamples(m, n)]
    return _percentiles(area, m + n, np.concatenate(areas))


def _areas(positives: Counts, negatives: Counts, below: Counts, upto: Counts) -> Scores:
    """Areas (B,) of resamples told by how often each sorted positive (B, m) and negative (B, n) was drawn."""
    m, n = positives.shape[1], negatives.shape[1]
    passed = np.zeros((len(negatives), n + 1))
    np.cumsum(negatives, axis=1, out=passed[:, 1:])
    wins = np.take(passed, below, axis=1)
    wins += np.take(passed, upto, axis=1)
    areas: Scores = np.einsum("bm,bm->b", positives, wins) / (2 * m * n)
    return areas


def _resamples(*sizes: int) -> Iterator[tuple[Counts, ...]]:
    """How often each of ``sizes`` items is drawn with replacement, (B, size) each, in blocks of resamples."""
    generator = np.random.default_rng(0)
    block = max(1, min(_RESAMPLES, _BLOCK // max(sizes)))
    for start in range(0, _RESAMPLES, block):
        rows = min(block, _RESAMPLES - start)
        yield tuple(_drawn(generator, rows, size) for size in sizes)


def _drawn(generator: np.random.Generator, rows: int, size: int) -> Counts:
    index = generator.integers(0, size, (rows, size), dtype=np.int32) + np.arange(rows, dtype=np.int32)[:, None] * size
    return np.bincount(index.ravel(), minlength=rows * size).reshape(rows, size)


def _percentiles(value: float, n: int, resampled: Scores) -> Rate:
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Rate(value=value, n=n, low=min(float(low), value), high=max(float(high), value))


def mean_of(values: Scores) -> Rate:
    """The mean of values (N,) in [0, 1] with the percentiles of 2,000 seeded bootstrap resamples as 95 % interval.

    No values give 0 with the interval 0 to 1.
    """
    if len(values) == 0:
        return wilson(0, 0)
    means = [drawn @ values / len(values) for (drawn,) in _resamples(len(values))]
    return _percentiles(float(values.mean()), len(values), np.concatenate(means))


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p of McNemar's exact test: the disagreements fall like a fair coin (Biometrika 12, 1947).

    ``only_a``, ``only_b`` count what only the one, only the other has right; no disagreement gives 1.
    """
    n, fewer = only_a + only_b, min(only_a, only_b)
    steps = np.arange(1, fewer + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log((n - steps + 1) / steps))]) - n * math.log(2)
    return min(1.0, 2 * float(np.exp(logs).sum()))


def paired_difference(only_a: int, only_b: int, n: int) -> tuple[float, float, float]:
    """Accuracy of a minus accuracy of b over the same n images, with its 95 % interval (low, high), each -1 to 1.

    The interval is the adjusted Wald interval of Bonett and Price (J. Educational and Behavioral Statistics 37,
    2012): one disagreement more on each side. No images give 0 with the interval -1 to 1.
    """
    if n == 0:
        return 0.0, -1.0, 1.0
    a, b = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    half = _Z * math.sqrt((a + b - (a - b) ** 2) / (n + 2))
    value = (only_a - only_b) / n
    return value, max(-1.0, min(a - b - half, value)), min(1.0, max(a - b + half, value))


def spearman(first: Scores, second: Scores) -> tuple[float, float]:
    """Spearman's rho of two lists (N,) with mean ranks for ties, and its two-sided p from permutations.

    All permutations up to seven pairs, else 9,999 seeded ones and the one seen: p is then 0.0001 at least. A list
    without any differences has no rank correlation: rho 0, p 1.
    """
    rho = rank_correlation(first, second)
    one, other = _centred_ranks(first), _centred_ranks(second)
    scale = math.sqrt(float((one**2).sum() * (other**2).sum()))
    if scale == 0:
        return 0.0, 1.0
    # A permutation that gives the same rho may end in another last digit.
    extreme = np.abs(_permuted(other) @ one) / scale >= abs(rho) - 1e-12
    if len(one) <= _EXACT_PAIRS:
        return rho, float(extreme.mean())
    return rho, float((extreme.sum() + 1) / (len(extreme) + 1))


def rank_correlation(first: Scores, second: Scores) -> float:
    """Spearman's rho alone; 0 where a list (N,) has no differences."""
    one, other = _centred_ranks(first), _centred_ranks(second)
    scale = math.sqrt(float((one**2).sum() * (other**2).sum()))
    return float(one @ other) / scale if scale > 0 else 0.0


def _centred_ranks(values: Scores) -> Scores:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Scores = (last - (counts - 1) / 2)[group]
    centred: Scores = ranks - ranks.mean()
    return centred


def _permuted(values: Scores) -> Scores:
    if len(values) <= _EXACT_PAIRS:
        return np.array(list(permutations(values)))
    generator = np.random.default_rng(0)
    return generator.permuted(np.tile(values, (_PERMUTATIONS, 1)), axis=1)


def effective_rank(features: Scores) -> float:
    """Effective rank of features (N, D): the exponential of the entropy of their normalised singular values.

    Roy and Vetterli, EUSIPCO 2007; the features are not centred, as in RankMe (Garrido et al., ICML 2023). From 1 to
    min(N, D); features that are all zero have rank 0.
    """
    smaller = features.T @ features if features.shape[0] > features.shape[1] else features @ features.T
    # Eigenvalues of the smaller Gram matrix: ten times as fast as singular values, and as exact as the entropy needs.
    values = np.sqrt(np.linalg.eigvalsh(smaller).clip(min=0.0))
    shares = values[values > 0] / values.sum() if values.any() else values[:0]
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0


def threshold_for(clean: Scores, target_fpr: float) -> float:
    """The smallest score of the calibration images that at most ``target_fpr`` of them exceed."""
    allowed = math.floor(target_fpr * len(clean))
    return float(np.sort(clean)[::-1][min(allowed, len(clean) - 1)])


def roc_points(negatives: Scores, positives: Scores, most: int = 101) -> tuple[tuple[float, float], ...]:
    """(FPR, TPR) from (0, 0) to (1, 1) at thresholds taken from the pooled scores, at most ``most`` points."""
    thresholds = np.unique(np.concatenate([negatives, positives]))[::-1]
    if len(thresholds) > most - 2:
        thresholds = thresholds[np.linspace(0, len(thresholds) - 1, most - 2).astype(int)]
    inner = [(float((negatives > t).mean()), float((positives > t).mean())) for t in thresholds]
    points = [(0.0, 0.0), *inner, (1.0, 1.0)]
    return tuple((round(x, 5), round(y, 5)) for x, y in points)
