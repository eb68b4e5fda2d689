"""Labelled images of one split, handed out batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.images.image_set import ImageSet


@dataclass(frozen=True, slots=True)
class Labelled:
    """N images, int64 labels (N,) on the CPU, number of classes."""

    images: ImageBank
    labels: Tensor
    classes: int

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """One epoch in a seeded order: index (B,), images (B, 3, H, W) in [0, 1], labels (B,) beside the images.

        A last batch of one image is left out: batch statistics and pair relations need two.
        """
        for index in torch.randperm(len(self), generator=generator).split(size):
            if len(index) > 1:
                yield index, self.images[index], self.images.place(self.labels[index])

    def in_order(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Everything once: images (B, 3, H, W) and labels (B,) beside them."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield self.images[part], self.images.place(self.labels[part])

    def steps(self, size: int) -> int:
        """Batches of one epoch."""
        return len(self) // size + (len(self) % size > 1)


def labelled(images: ImageSet, split: str, count: int, seed: int, how: Execution = EXACT) -> Labelled:
    """At most ``count`` pictures of a split, drawn with a seed of their own; ``how`` prepares them.

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
    return Labelled(ImageBank(images.pictures, how, chosen), images.labels[chosen], len(images.classes))
