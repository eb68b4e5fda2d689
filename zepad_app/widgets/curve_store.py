"""Points of a curve in arrays that grow by doubling; what a plot needs of them costs the same however many they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Rows of the data: steps, values, and the sum of the values up to and with each.
_STEPS, _VALUES, _SUMS = range(3)
_FIRST_SIZE: Final = 256


class CurveStore:
    """The points seen so far of one series."""

    def __init__(self) -> None:
        self._data = np.empty((3, _FIRST_SIZE), dtype=np.float64)
        self._count = 0
        self._start_envelope(1)

    def __len__(self) -> int:
        return self._count

    def follow(self, points: Sequence[tuple[float, float]]) -> bool:
        """Take over what ``points`` has beyond what is stored; a shorter list starts anew."""
        if len(points) < self._count:
            self._count = 0
            self._start_envelope(1)
        fresh = points[self._count :]
        if not fresh:
            return False
        self._reserve(len(points))
        new = slice(self._count, len(points))
        self._data[: _VALUES + 1, new] = np.asarray(fresh, dtype=np.float64).T
        before = self._data[_SUMS, self._count - 1] if self._count else 0.0
        self._data[_SUMS, new] = before + np.cumsum(self._data[_VALUES, new])
        self._count = len(points)
        return True

    @property
    def steps(self) -> Floats:
        """The x of the points."""
        return self._data[_STEPS, : self._count]

    @property
    def values(self) -> Floats:
        """The y of the points."""
        return self._data[_VALUES, : self._count]

    def smoothed(self, places: NDArray[np.int64], share: float) -> Floats:
        """A moving mean over ``share`` (0 to 1) of the points, at these places; its window is shorter at the ends."""
        half = self.window(share) // 2
        low = np.maximum(places - half, 0)
        high = np.minimum(places + half, self._count - 1)
        sums = self._data[_SUMS]
        before = np.where(low > 0, sums[np.maximum(low - 1, 0)], 0.0)
        mean: Floats = (sums[high] - before) / (high - low + 1)
        return mean

    def window(self, share: float) -> int:
        """How many points a moving mean over ``share`` of them takes: odd, 1 at least."""
        return max(round(self._count * share) // 2 * 2 + 1, 1)

    def envelope(self, columns: int) -> tuple[Floats, Floats]:
        """The lowest and the highest of each bucket of points: at most ``columns`` buckets, then the last points.

        A line through these touches every extreme. Fewer than ``2 * columns`` points are given as they are. Buckets
        are filled as points come, so that a redraw looks at the new ones only.
        """
        if self._count <= 2 * columns:
            return self.steps, self.values
        width: int = 2 ** math.ceil(math.log2(self._count / columns))
        if width != self._width:
            self._start_envelope(width)
        self._fill_buckets()
        whole = len(self._lowest) * width
        steps = np.repeat(self.steps[:whole:width], 2)
        steps[1::2] += (self.steps[width] - self.steps[0]) / 2
        values = np.column_stack((self._lowest, self._highest)).ravel()
        return np.concatenate((steps, self.steps[whole:])), np.concatenate((values, self.values[whole:]))

    def _start_envelope(self, width: int) -> None:
        self._width = width
        self._lowest = self._highest = np.empty(0)

    def _fill_buckets(self) -> None:
        known, whole = len(self._lowest), self._count // self._width
        if whole > known:
            fresh = self.values[known * self._width : whole * self._width].reshape(-1, self._width)
            self._lowest = np.concatenate((self._lowest, fresh.min(axis=1)))
            self._highest = np.concatenate((self._highest, fresh.max(axis=1)))

    def _reserve(self, count: int) -> None:
        size = self._data.shape[1]
        if count > size:
            grown = np.empty((3, max(count, 2 * size)), dtype=np.float64)
            grown[:, : self._count] = self._data[:, : self._count]
            self._data = grown
