"""Seeded, stratified splits; pictures with identical bytes always fall on the same side."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from zepad_engine.errors import BadPlan


def split_indices(
    pictures: Iterable[Tensor], labels: Tensor | None, fractions: Mapping[str, float], seed: int
) -> dict[str, Tensor]:
    """Divide N pictures, each uint8 (3, H, W), into named splits, as even over the classes as duplicates allow.

    ``fractions`` name the splits and their shares, which sum to 1, for example train, validation, calibration and
    test. Each class is dealt out by itself in an order drawn from its own generator, so the global one is untouched.

    Returns:
        Sorted int64 indices for each name; together they are all N, and no index stands twice.

    Raises:
        BadPlan: a share is negative, or they do not sum to 1.
    """
    shares = list(fractions.values())
    if min(shares, default=-1.0) < 0 or abs(sum(shares) - 1.0) > 1e-6:
        raise BadPlan("The shares of the splits must not be negative and must sum to 1.")
    generator = torch.Generator().manual_seed(seed)
    dealt: dict[str, list[int]] = {name: [] for name in fractions}
    for groups in _groups_by_class(pictures, labels).values():
        order = torch.randperm(len(groups), generator=generator).tolist()
        _deal([groups[index] for index in order], fractions, dealt)
    return {name: torch.tensor(sorted(indices), dtype=torch.int64) for name, indices in dealt.items()}


def _groups_by_class(pictures: Iterable[Tensor], labels: Tensor | None) -> dict[int, list[list[int]]]:
    """Groups of identical pictures, by the class of the first of each group."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index, picture in enumerate(pictures):
        groups[hashlib.sha256(picture.contiguous().numpy().tobytes()).digest()].append(index)
    by_class: dict[int, list[list[int]]] = defaultdict(list)
    for group in groups.values():
        by_class[0 if labels is None else int(labels[group[0]])].append(group)
    return dict(sorted(by_class.items()))


def _deal(groups: list[list[int]], fractions: Mapping[str, float], dealt: dict[str, list[int]]) -> None:
    """Give each group to the split that is furthest behind its share of this class."""
    total = sum(len(group) for group in groups)
    owed = {name: share * total for name, share in fractions.items()}
    for group in groups:
        name = max(owed, key=lambda each: owed[each])
        owed[name] -= len(group)
        dealt[name].extend(group)
