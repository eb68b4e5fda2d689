"""What a detector does at a threshold, in counts and in plain words. No Qt."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from zepad_engine.evidence import Rate
from zepad_engine.findings import Levels
from zepad_engine.intervals import wilson

# One perturbed image among this many.
BASE_RATES: Final = (10, 100, 1_000, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """A threshold with the shares of clean and of perturbed test images above it."""

    threshold: float
    alarms: Rate
    caught: Rate

    def precision(self, one_in: int) -> float | None:
        """The share of flags that are right where one image in ``one_in`` is perturbed; None without any flag."""
        right = self.caught.value / one_in
        flagged = right + self.alarms.value * (1 - 1 / one_in)
        return right / flagged if flagged > 0 else None


def place_of(levels: Levels, threshold: float) -> int:
    """The place of the highest stored threshold not above ``threshold``; the lowest where all are above."""
    return max(0, bisect_right(levels.thresholds, threshold) - 1)


def operating_at(levels: Levels, place: int) -> Operating:
    """The counts at a stored threshold."""
    return Operating(
        threshold=levels.thresholds[place],
        alarms=wilson(levels.clean_above[place], levels.clean_n),
        caught=wilson(levels.perturbed_above[place], levels.perturbed_n),
    )


def threshold_sentences(point: Operating, one_in: int) -> str:
    """False alarms, caught images, and what a flag is worth at a base rate."""
    return (
        f"At this threshold {_of(point.alarms, 1000)} clean images are flagged by mistake, and "
        f"{_of(point.caught, 100)} perturbed ones are caught. {_worth(point, one_in)}"
    )


def counted(point: Operating) -> str:
    """What the sentences rest on, with intervals."""
    return (
        f"Measured on {point.alarms.n:,} clean and {point.caught.n:,} perturbed test images; 95 % intervals: "
        f"{_range(point.alarms, 1000)} of 1,000, {_range(point.caught, 100)} of 100."
    )


def _worth(point: Operating, one_in: int) -> str:
    share = point.precision(one_in)
    if share is None:
        return "No image is flagged at all."
    if share == 0:
        return "No perturbed image is caught, so no flag is right."
    return f"At 1 DAE in {one_in:,} images, {_flags(share)} right."


def _flags(share: float) -> str:
    for whole in (100, 1_000, 10_000):
        right = round(share * whole)
        if right >= 1:
            return f"{right:,} of {whole:,} flags {'is' if right == 1 else 'are'}"
    return "fewer than 1 of 10,000 flags is"


def _of(rate: Rate, whole: int) -> str:
    return f"{whole * rate.value:,.0f} of {whole:,}"


def _range(rate: Rate, whole: int) -> str:
    return f"{whole * rate.low:,.0f} to {whole * rate.high:,.0f}"
