"""Images of the bundled sets for a check: few, each of another drawing or place, at the encoder's size."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from zepad_engine.images.sample import load_sample, resized
from zepad_engine.images.sample_catalogue import read_record

_SEED: Final = 0


def sample_images(name: str, count: int, size: int) -> tuple[Tensor, Tensor]:
    """Pictures of a bundled task, uint8 (N, 3, size, size), and their labels (N,); N is ``count`` at most.

    No two are of one group: renders of one drawing would find each other among their nearest neighbours.
    """
    record, images = read_record(name), load_sample(name)
    assert images.labels is not None
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(_SEED)).tolist()
    if record.groups:
        first = {record.groups[index]: index for index in reversed(order)}
        order = [index for index in order if first[record.groups[index]] == index]
    chosen = torch.tensor(order[:count])
    return torch.cat(list(resized(images.pictures[chosen], size))), images.labels[chosen]
