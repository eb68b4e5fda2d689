"""Dividing a set into train, validation, calibration and test with whole groups on one side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from zepad_engine.sample_building.draft import shuffled


def divide(groups: Sequence[int], labels: Sequence[int], wanted: Mapping[str, int]) -> dict[str, list[int]]:
    """Split name to sorted indices: the ``wanted`` counts, met class by class, and "train" for the rest.

    A group goes to the first split that still has room for all of it, in seeded order; its class is that of its
    first picture.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    room = _room_by_class(labels, wanted)
    splits: dict[str, list[int]] = {name: [] for name in ("train", "validation", "calibration", "test")}
    for group in shuffled(members):
        indices = members[group]
        places = room[labels[indices[0]]]
        name = next((split for split in wanted if places[split] >= len(indices)), "train")
        places[name] = places.get(name, 0) - len(indices)
        splits[name].extend(indices)
    return {name: sorted(indices) for name, indices in splits.items()}


def _room_by_class(labels: Sequence[int], wanted: Mapping[str, int]) -> dict[int, dict[str, int]]:
    room = {}
    for label in sorted(set(labels)):
        share = labels.count(label) / len(labels)
        room[label] = {split: round(count * share) for split, count in wanted.items()}
    return room
