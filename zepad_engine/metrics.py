"""Rates with their intervals, AUROC, thresholds: pure functions on numpy arrays. Loads no torch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zepad_engine.findings import Rate

_Z = 1.959963984540054

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]


def wilson(successes: int, n: int) -> Rate:
    """A share with its 95 % Wilson score interval; n = 0 gives 0 with the interval 0 to 1."""
    if n == 0:
        return Rate(value=0.0, n=0, low=0.0, high=1.0)
    share = successes / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Rate(value=share, n=n, low=max(0.0, min(centre - half, share)), high=min(1.0, max(centre + half, share)))


def rate_of(flags: Flags) -> Rate:
    """The share of True with its Wilson interval."""
    return wilson(int(flags.sum()), int(flags.size))


def mean_of_rates(rates: list[Rate]) -> Rate:
    """Unweighted mean over tasks, n summed; each side of the interval from the tasks' own Wilson sides.

    The sides add as independent errors do (MOVER, Zou and Donner 2008); one task keeps its Wilson interval.
    """
    count = len(rates)
    value = sum(rate.value for rate in rates) / count
    below = math.sqrt(sum((rate.value - rate.low) ** 2 for rate in rates)) / count
    above = math.sqrt(sum((rate.high - rate.value) ** 2 for rate in rates)) / count
    return Rate(value=value, n=sum(rate.n for rate in rates), low=max(0.0, value - below), high=min(1.0, value + above))


def auroc(negatives: Scores, positives: Scores) -> Rate:
    """Area under the ROC with ties counted half; 95 % interval after Hanley and McNeil, Radiology 143, 1982."""
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    upto = np.searchsorted(ordered, positives, side="right")
    m, n = len(positives), len(negatives)
    area = float((below + upto).sum() / (2 * m * n))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (m - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)) / (m * n)
    half = _Z * math.sqrt(max(variance, 0.0))
    return Rate(value=area, n=m + n, low=max(0.0, area - half), high=min(1.0, area + half))


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
