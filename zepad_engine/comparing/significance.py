"""Two rates of different images: interval and exact test of their difference; and Holm's correction. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from zepad_engine.evidence import Rate

# Tables as probable as the one seen may end in another last digit (as in R's fisher.test).
_SLACK = 1 + 1e-7


def interval_of_difference(first: Rate, second: Rate) -> tuple[float, float]:
    """95 % interval of ``second`` minus ``first``, two rates of independent images; each end -1 to 1.

    Newcombe's method 10 (Statistics in Medicine 17, 1998) where the rates carry Wilson intervals; with other
    intervals it is MOVER (Zou and Donner 2008), the same sum of squares.
    """
    value = second.value - first.value
    below = math.hypot(second.value - second.low, first.high - first.value)
    above = math.hypot(second.high - second.value, first.value - first.low)
    return max(-1.0, value - below), min(1.0, value + above)


def fisher(successes: tuple[int, int], sizes: tuple[int, int]) -> float:
    """Two-sided p of Fisher's exact test: tables with the same margins that are no more probable than this one.

    ``successes`` of ``sizes`` images in each of two independent sets; an empty set gives 1.
    """
    total, drawn = sum(successes), sizes[0]
    low, high = max(0, total - sizes[1]), min(total, drawn)
    logs = _log_factorials(sum(sizes))
    seen = np.arange(low, high + 1)
    chances = _log_choose(logs, sizes[0], seen) + _log_choose(logs, sizes[1], total - seen)
    shares = np.exp(chances - chances.max())
    unlikely = shares[shares <= shares[successes[0] - low] * _SLACK]
    return min(1.0, float(unlikely.sum() / shares.sum()))


def _log_factorials(most: int) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def _log_choose(logs: NDArray[np.float64], n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = logs[n] - logs[k] - logs[n - k]
    return found


def holm(values: Sequence[float]) -> list[float]:
    """Holm's adjusted p of each of several tests (Scandinavian Journal of Statistics 6, 1979), in their order.

    Whatever the tests have to do with one another, the chance of a single false alarm among those at most 0.05 is at
    most 0.05.
    """
    order = sorted(range(len(values)), key=lambda index: values[index])
    steps = (min(1.0, (len(values) - rank) * values[index]) for rank, index in enumerate(order))
    return [step for _, step in sorted(zip(order, accumulate(steps, max), strict=True))]


def mean_difference(differences: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Unweighted mean of (difference, low, high) over tasks; the sides add as independent errors do (MOVER)."""
    count = len(differences)
    value = sum(each for each, _, _ in differences) / count
    below = math.hypot(*(each - low for each, low, _ in differences)) / count
    above = math.hypot(*(high - each for each, _, high in differences)) / count
    return value, max(-1.0, value - below), min(1.0, value + above)
