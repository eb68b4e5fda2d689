"""Points of a curve in arrays that grow by doubling, so that adding to 100,000 of them costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SMOOTH_SHARE = 0.03
_MOST_WINDOW = 500


class CurveStore:
    """The points seen so far of one series."""

    def __init__(self) -> None:
        self._data = np.empty((2, 256), dtype=np.float64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def follow(self, points: Sequence[tuple[float, float]]) -> bool:
        """Take over what ``points`` has beyond what is stored; a shorter list starts anew."""
        if len(points) < self._count:
            self._count = 0
        fresh = points[self._count :]
        if not fresh:
            return False
        self._reserve(len(points))
        self._data[:, self._count : len(points)] = np.asarray(fresh, dtype=np.float64).T
        self._count = len(points)
        return True

    @property
    def steps(self) -> Floats:
        """The x of the points."""
        return self._data[0, : self._count]

    @property
    def values(self) -> Floats:
        """The y of the points."""
        return self._data[1, : self._count]

    def smoothed(self) -> Floats:
        """A moving mean over about 3 % of the points, its window centred and shorter at the ends."""
        window = min(max(int(self._count * _SMOOTH_SHARE), 1), _MOST_WINDOW)
        if window < 2:
            return self.values
        sums = np.concatenate(([0.0], np.cumsum(self.values)))
        places = np.arange(self._count)
        low = np.maximum(places - window // 2, 0)
        high = np.minimum(places + window // 2 + 1, self._count)
        mean: Floats = (sums[high] - sums[low]) / (high - low)
        return mean

    def _reserve(self, count: int) -> None:
        size = self._data.shape[1]
        if count > size:
            grown = np.empty((2, max(count, 2 * size)), dtype=np.float64)
            grown[:, : self._count] = self._data[:, : self._count]
            self._data = grown
