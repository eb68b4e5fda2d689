"""The intervals of shares and of their means. Loads neither torch nor numpy: the window too says rates of its own."""

from __future__ import annotations

import math

from zepad_engine.evidence import Rate

_Z = 1.959963984540054


def wilson(successes: int, n: int) -> Rate:
    """A share with its 95 % Wilson score interval; n = 0 gives 0 with the interval 0 to 1."""
    if n == 0:
        return Rate(value=0.0, n=0, low=0.0, high=1.0)
    share = successes / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Rate(value=share, n=n, low=max(0.0, min(centre - half, share)), high=min(1.0, max(centre + half, share)))


def mean_of_rates(rates: list[Rate]) -> Rate:
    """Unweighted mean over tasks, n summed; each side of the interval from the tasks' own Wilson sides.

    The sides add as independent errors do (MOVER, Zou and Donner 2008); one task keeps its Wilson interval.
    """
    count = len(rates)
    value = sum(rate.value for rate in rates) / count
    below = math.sqrt(sum((rate.value - rate.low) ** 2 for rate in rates)) / count
    above = math.sqrt(sum((rate.high - rate.value) ** 2 for rate in rates)) / count
    return Rate(value=value, n=sum(rate.n for rate in rates), low=max(0.0, value - below), high=min(1.0, value + above))
