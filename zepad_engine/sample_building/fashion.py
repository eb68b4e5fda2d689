"""Fashion-MNIST, a part of it: ten kinds of clothes in grey."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zepad_engine.sample_building.alike import distinct
from zepad_engine.sample_building.draft import Draft, Tiles, shuffled
from zepad_engine.sample_building.packages import FASHION, read_gzip, unpacked

CLASSES: Final = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
_PER_CLASS: Final = {"test": 100, "calibration": 60, "validation": 30, "train": 400}
_SPARE: Final = 30
_ALIKE: Final = 8.0


def build_fashion(work: Path) -> Draft:
    """5,900 pictures; the test split from the official test part, the others from the official training part."""
    folder = unpacked(FASHION, work) / "usr/share/datasets/fashion-mnist"
    tested, test_labels = _part(folder, "t10k", _PER_CLASS["test"] + _SPARE)
    rest = sum(count for split, count in _PER_CLASS.items() if split != "test")
    learned, train_labels = _part(folder, "train", rest + _SPARE)
    tiles, labels = np.concatenate([tested, learned]), test_labels + train_labels
    splits = _splits(distinct(tiles, _ALIKE), labels, official=len(tested))
    chosen = sorted(index for indices in splits.values() for index in indices)
    place = {index: position for position, index in enumerate(chosen)}
    return Draft(
        key="fashion",
        name="Fashion-MNIST, bundled sample",
        kind="task",
        summary="Photographs of clothes in grey, ten classes; 5,900 of the 70,000 of Fashion-MNIST.",
        source="Fashion-MNIST (Zalando), grey repeated to three channels, 28 px padded with black to 32.",
        licence="MIT",
        packages=(FASHION.label,),
        tiles=tiles[chosen],
        groups=list(range(len(chosen))),
        classes=CLASSES,
        labels=[labels[index] for index in chosen],
        splits={split: [place[index] for index in indices] for split, indices in splits.items()},
        fit="pad",
    )


def _splits(indices: list[int], labels: list[int], *, official: int) -> dict[str, list[int]]:
    """The counts of each class, in order; the first ``official`` indices belong to the official test part."""
    taken: Counter[tuple[str, int]] = Counter()
    splits: dict[str, list[int]] = {split: [] for split in _PER_CLASS}
    for index in indices:
        open_to = ("test",) if index < official else ("calibration", "validation", "train")
        label = labels[index]
        split = next((name for name in open_to if taken[name, label] < _PER_CLASS[name]), None)
        if split is not None:
            taken[split, label] += 1
            splits[split].append(index)
    return splits


def _part(folder: Path, part: str, per_class: int) -> tuple[Tiles, list[int]]:
    """Seeded pictures (N, 28, 28, 3) of one official part, ``per_class`` of each class, and their labels."""
    pictures = _idx(folder / f"{part}-images-idx3-ubyte.gz", header=16).reshape(-1, 28, 28)
    labels = _idx(folder / f"{part}-labels-idx1-ubyte.gz", header=8)
    seen: Counter[int] = Counter()
    chosen = []
    for index in shuffled(range(len(labels))):
        seen[int(labels[index])] += 1
        if seen[int(labels[index])] <= per_class:
            chosen.append(index)
    return np.repeat(pictures[chosen][..., None], 3, axis=-1), [int(labels[index]) for index in chosen]


def _idx(path: Path, *, header: int) -> NDArray[np.uint8]:
    return np.frombuffer(read_gzip(path), dtype=np.uint8)[header:]
