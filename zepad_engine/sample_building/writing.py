"""Storing a finished set: one sheet of pictures and one record."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from zepad_engine.images.sample_catalogue import SampleRecord
from zepad_engine.images.tile_sheet import fitted, sheet_bytes
from zepad_engine.sample_building.draft import Draft
from zepad_engine.storage import write_bytes


def write_draft(draft: Draft, folder: Path) -> SampleRecord:
    """Store ``<key>.webp`` and ``<key>.json`` in ``folder``, whole or not at all each; returns the record.

    Raises:
        NoSpace: the disk refused a write.
    """
    record = record_of(draft)
    write_bytes(folder / f"{draft.key}.webp", sheet_bytes(draft.tiles))
    write_bytes(folder / f"{draft.key}.json", msgspec.json.encode(record) + b"\n")
    return record


def record_of(draft: Draft) -> SampleRecord:
    """The record of a draft, with its digests."""
    pictures = fitted(draft.tiles, draft.fit)
    return SampleRecord(
        key=draft.key,
        name=draft.name,
        kind=draft.kind,
        summary=draft.summary,
        source=draft.source,
        licence=draft.licence,
        packages=draft.packages,
        count=len(draft.tiles),
        tile=int(draft.tiles.shape[1]),
        fit=draft.fit,
        classes=draft.classes,
        labels=tuple(draft.labels),
        groups=tuple(draft.groups),
        splits={split: tuple(indices) for split, indices in draft.splits.items()},
        pixels_sha256=hashlib.sha256(pictures.tobytes()).hexdigest(),
        sha256=set_digest(pictures, draft),
    )


def set_digest(pictures: NDArray[np.uint8], draft: Draft) -> str:
    """What ``ImageSet.sha256`` will say of the loaded set, without torch."""
    digest = hashlib.sha256(pictures.tobytes())
    if draft.labels:
        digest.update(np.array(draft.labels, dtype="<i8").tobytes())
    for split in sorted(draft.splits):
        digest.update(split.encode())
        digest.update(np.array(draft.splits[split], dtype="<i8").tobytes())
    return digest.hexdigest()
