"""Labelled pictures of one split, kept as bytes and turned into images batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from zepad_engine.errors import BadInput
from zepad_engine.images.image_set import ImageSet, as_images


@dataclass(frozen=True, slots=True)
class Labelled:
    """uint8 pictures (N, 3, H, W), int64 labels (N,), number of classes."""

    pictures: Tensor
    labels: Tensor
    classes: int

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """One epoch in a seeded order: index (B,), images (B, 3, H, W) in [0, 1], labels (B,).

        A last batch of one image is left out: batch statistics and pair relations need two.
        """
        for index in torch.randperm(len(self), generator=generator).split(size):
            if len(index) > 1:
                yield index, as_images(self.pictures[index]), self.labels[index]

    def steps(self, size: int) -> int:
        """Batches of one epoch."""
        return len(self) // size + (len(self) % size > 1)


def labelled(images: ImageSet, split: str, count: int, seed: int) -> Labelled:
    """At most ``count`` pictures of a split, drawn with a seed of their own.

    Raises:
        BadInput: the set has no labels or no such split.
    """
    if images.labels is None:
        raise BadInput(f"The image set {images.name} has no labels.", "Put its pictures into one folder per class.")
    index = images.indices(split)
    if len(index) == 0:
        raise BadInput(f"The {split} split of {images.name} is empty.", "Add pictures to every class.")
    order = torch.randperm(len(index), generator=torch.Generator().manual_seed(seed))
    chosen = index[order[:count]].sort().values
    return Labelled(images.pictures[chosen], images.labels[chosen], len(images.classes))
