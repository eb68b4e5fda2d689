"""Finding pictures that look alike, so that near-duplicates stay on one side of a split."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from zepad_engine.sample_building.draft import Tiles


class Circles:
    """Disjoint circles of pictures; joining two merges their circles."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def root(self, item: int) -> int:
        """The picture that stands for the circle of ``item``."""
        while self._parents[item] != item:
            self._parents[item] = self._parents[self._parents[item]]
            item = self._parents[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Put both pictures into one circle."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parents[second] = first


def groups_of(names: Sequence[Hashable], tiles: Tiles, distance: float) -> list[int]:
    """A group number per picture: the same for pictures of one name and for pictures closer than ``distance``."""
    circles = Circles(len(names))
    first_of: dict[Hashable, int] = {}
    for index, name in enumerate(names):
        circles.join(first_of.setdefault(name, index), index)
    for one, other in close_pairs(tiles, tiles, distance):
        circles.join(one, other)
    return [circles.root(index) for index in range(len(names))]


def close_pairs(tiles: Tiles, others: Tiles, distance: float) -> list[tuple[int, int]]:
    """Index pairs whose root-mean-square difference, in steps of 255, is below ``distance``."""
    left, right = _flat(tiles), _flat(others)
    lengths = (right**2).sum(axis=1)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(left), 1024):
        block = left[start : start + 1024]
        squares = (block**2).sum(axis=1)[:, None] + lengths - 2 * block @ right.T
        near = np.argwhere(squares < distance**2 * left.shape[1])
        pairs.extend((start + int(one), int(other)) for one, other in near)
    return pairs


def distinct(tiles: Tiles, distance: float) -> list[int]:
    """Indices of a subset without two pictures closer than ``distance``; earlier pictures win."""
    blocked: set[int] = set()
    close: dict[int, list[int]] = {}
    for one, other in close_pairs(tiles, tiles, distance):
        close.setdefault(one, []).append(other)
    kept = []
    for index in range(len(tiles)):
        if index not in blocked:
            kept.append(index)
            blocked.update(close.get(index, []))
    return kept


def _flat(tiles: Tiles) -> NDArray[np.float64]:
    return tiles.reshape(len(tiles), -1).astype(np.float64)
