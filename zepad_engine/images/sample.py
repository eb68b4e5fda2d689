"""The bundled picture sets, checked against their digests each time they are loaded."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from typing import Final

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.pixel_file import PixelFile
from zepad_engine.images.sample_catalogue import SAMPLE_SETS, SampleRecord, damaged, read_record
from zepad_engine.images.tile_sheet import fitted, read_sheet
from zepad_engine.resources import asset

__all__ = ["SAMPLE_SETS", "decode_sample", "load_sample", "resized", "sample_fingerprint"]

_RESIZED_AT_ONCE: Final = 256


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


def decode_sample(name: str, pixels: PixelFile) -> ImageSet:
    """A bundled set at the side of ``pixels``, into which its pictures go.

    Raises:
        BadInput: there is no such set, or its files are missing or damaged.
    """
    images = load_sample(name)
    for pictures in resized(images.pictures, pixels.size):
        pixels.append(pictures)
    return dataclasses.replace(images, pictures=pixels.mapped())


def sample_fingerprint(name: str) -> tuple[str, int]:
    """What changes with a bundled set, 64 hexadecimal characters; and its number of pictures.

    Raises:
        BadInput: there is no such set, or its record is missing or damaged.
    """
    record = read_record(name)
    return hashlib.sha256(asset("sample", f"{name}.json").read_bytes()).hexdigest(), record.count


def resized(pictures: Tensor, size: int) -> Iterator[Tensor]:
    """Pictures, uint8 (N, 3, S, S), batch by batch at ``size`` pixels a side, bilinear with antialiasing."""
    if pictures.shape[-1] == size:
        yield pictures
        return
    for batch in pictures.split(_RESIZED_AT_ONCE):
        scaled = functional.interpolate(batch.float(), size=(size, size), mode="bilinear", antialias=True)
        yield scaled.round().clamp(0, 255).to(torch.uint8)


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
