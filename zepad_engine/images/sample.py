"""The bundled picture sets, checked against their digests each time they are loaded."""

from __future__ import annotations

import torch
from PIL import Image

from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.sample_catalogue import SAMPLE_SETS, SampleRecord, damaged, read_record
from zepad_engine.images.tile_sheet import fitted, read_sheet
from zepad_engine.resources import asset

__all__ = ["SAMPLE_SETS", "load_sample"]


def load_sample(name: str) -> ImageSet:
    """A bundled set, 3x32x32: labelled and split for a task, neither for a surrogate.

    Raises:
        BadInput: there is no such set, or its files are missing or damaged.
    """
    record = read_record(name)
    try:
        images = _assembled(record)
    except (OSError, ValueError, SyntaxError, RuntimeError, Image.DecompressionBombError) as trouble:
        raise damaged(name) from trouble
    if images.sha256() != record.sha256:
        raise damaged(name)
    return images


def _assembled(record: SampleRecord) -> ImageSet:
    stored = read_sheet(asset("sample", f"{record.key}.webp"), record.count, record.tile)
    return ImageSet(
        name=record.name,
        pictures=torch.from_numpy(fitted(stored, record.fit)),
        labels=torch.tensor(record.labels, dtype=torch.int64) if record.labels else None,
        classes=record.classes,
        splits={split: torch.tensor(indices, dtype=torch.int64) for split, indices in record.splits.items()},
        source=f"{record.source} Licence: {record.licence}.",
    )
