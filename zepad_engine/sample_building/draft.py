"""A picture set under construction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Tiles = NDArray[np.uint8]
"""Pictures (N, side, side, 3), 0 to 255."""

SEED: Final = "zepad-sample-1"
"""Changing it reshuffles every split and every rendered background."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One set ready to be stored.

    Attributes:
        tiles: uint8 (N, side, side, 3), the side as stored.
        labels: class index per picture; empty for a surrogate.
        groups: near-duplicate group per picture; all pictures of a group are in one split.
        splits: split name to picture indices; empty for a surrogate.
        fit: how the loader brings a stored tile to 32 pixels.
    """

    key: str
    name: str
    kind: Literal["task", "surrogate"]
    summary: str
    source: str
    licence: str
    packages: tuple[str, ...]
    tiles: Tiles
    groups: list[int]
    classes: tuple[str, ...] = ()
    labels: list[int] = field(default_factory=list)
    splits: dict[str, list[int]] = field(default_factory=dict)
    fit: Literal["none", "pad", "enlarge"] = "none"


def draw_order(item: object) -> str:
    """A sort key that shuffles: the same for the same item on every machine and every library version."""
    return hashlib.sha256(f"{SEED}:{item}".encode()).hexdigest()


def shuffled(items: Iterable[Item]) -> list[Item]:
    """The items in seeded order."""
    return sorted(items, key=draw_order)
