"""The store of decoded picture sets: a set is decoded once, whatever the number of workers, audits and seeds.

Each set has a folder of its own below the cache: one file of raw pixels, and records that name it, ``whole.json`` for
the set as it was decoded and one more for each way its splits were drawn. A record is written last and names a pixel
file no other process writes, so two processes at once both end with a whole set. Whatever is damaged, changed or
missing is decoded again without a word: the store only saves time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import PIL
import torch
from torch import Tensor

from zepad_engine import places, storage
from zepad_engine.errors import NoSpace
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.pixel_file import SPARE_BYTES, PixelFile, free_bytes, map_pixels, remove

WHOLE: Final = "whole"
"""The record of a set as it was decoded."""

_FORMAT: Final = 1
"""To be raised whenever the same source would be decoded, or its splits drawn, in another way."""

# Half a million pictures of 64 pixels are 6 GB: one set of that size and the small ones beside it.
_MOST_BYTES: Final = 8 << 30
# Longer than any job between two openings of the same set.
_IN_USE_SECONDS: Final = 6 * 3600.0
_ABANDONED_SECONDS: Final = 3600.0
# Up to here content is checked against its digest at every opening (0.1 s), beyond by size and time.
_READ_BYTES: Final = 256 << 20


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a set but its pixels; ``pixels`` and ``changed_ns`` name and date their file. Numbers are int32 bytes."""

    key: str
    name: str
    source: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int, int]
    labels: bytes | None
    splits: dict[str, bytes]
    digest: str
    pixels: str
    changed_ns: int


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in a record's file; ``seal`` is the sha256 of the record's own bytes."""

    seal: str
    record: msgspec.Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A set, and the stored file behind its pictures; None where they could not be stored."""

    images: ImageSet
    pixels: Path | None


def set_key(*parts: str | int | None) -> str:
    """The name of a set in the store: 32 hexadecimal characters that change with any part."""
    made_by = (_FORMAT, PIL.__version__, str(torch.__version__))
    return hashlib.sha256(repr((made_by, parts)).encode()).hexdigest()[:32]


def find_decoded(key: str, drawn: str = WHOLE) -> Decoded | None:
    """The stored set of this key and record, if it is there and as it was stored."""
    place = _folder() / key / f"{drawn}.json"
    try:
        record = _read(place)
        pixels = place.parent / record.pixels
        images = _as_set(record, map_pixels(pixels, record.shape))
        if record.key != key or not _is_as_stored(images, record, pixels):
            return None
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    with suppress(OSError):
        os.utime(place)
    return Decoded(images=images.with_digest(record.digest), pixels=pixels)


def open_decoded(key: str, size: int, decode: Callable[[PixelFile], ImageSet]) -> Decoded:
    """The set of this key, from the store or decoded now and stored.

    ``decode`` appends the pictures, of ``size`` pixels, to the file it is given, and returns the set that stands on
    them. A store that cannot be written, or is full, only means that the next one to ask decodes again.
    """
    found = find_decoded(key)
    if found is not None:
        return found
    place = _folder() / key
    with PixelFile(size, place, _make_room) as pixels:
        images = decode(pixels)
        # Another process may have been quicker; its pixels are in use there, so ours go.
        found = find_decoded(key)
        if found is not None:
            pixels.discard()
            return found
        if pixels.path is not None and not keep_record(key, WHOLE, Decoded(images=images, pixels=pixels.path)):
            pixels.discard()
        _make_room()
        return Decoded(images=images, pixels=pixels.path)


def keep_record(key: str, drawn: str, decoded: Decoded) -> bool:
    """Store all of a set but its pixels, which are stored already; False where that cannot be done."""
    if decoded.pixels is None:
        return False
    place = _folder() / key / f"{drawn}.json"
    try:
        changed_ns = _settled(decoded.pixels, decoded.images.pictures.numel())
        record = msgspec.json.encode(_as_record(key, decoded.images, decoded.pixels.name, changed_ns))
        sealed = _Sealed(hashlib.sha256(record).hexdigest(), msgspec.Raw(record))
        storage.write_bytes(place, msgspec.json.encode(sealed))
    except (OSError, NoSpace, UnicodeEncodeError):
        # The last is a name that is no text, as Linux allows.
        return False
    if drawn == WHOLE:
        _clear_abandoned(decoded.pixels)
    return True


def _folder() -> Path:
    return places.cache_folder() / "decoded"


def _read(place: Path) -> _Record:
    sealed = msgspec.json.decode(place.read_bytes(), type=_Sealed)
    if hashlib.sha256(sealed.record).hexdigest() != sealed.seal:
        raise ValueError("the record is not as it was written")
    return msgspec.json.decode(sealed.record, type=_Record)


def _is_as_stored(images: ImageSet, record: _Record, pixels: Path) -> bool:
    if images.pictures.numel() < _READ_BYTES:
        return images.sha256() == record.digest
    return pixels.stat().st_mtime_ns == record.changed_ns


def _as_set(record: _Record, pictures: Tensor) -> ImageSet:
    return ImageSet(
        name=record.name,
        pictures=pictures,
        labels=None if record.labels is None else _numbers(record.labels),
        classes=record.classes,
        splits={split: _numbers(index) for split, index in record.splits.items()},
        source=record.source,
    )


def _as_record(key: str, images: ImageSet, pixels: str, changed_ns: int) -> _Record:
    count, channels, height, width = images.pictures.shape
    return _Record(
        key=key,
        name=images.name,
        source=images.source,
        classes=images.classes,
        shape=(count, channels, height, width),
        labels=None if images.labels is None else _bytes(images.labels),
        splits={split: _bytes(index) for split, index in images.splits.items()},
        digest=images.sha256(),
        pixels=pixels,
        changed_ns=changed_ns,
    )


def _numbers(stored: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(stored, dtype="<i4").astype(np.int64))


def _bytes(numbers: Tensor) -> bytes:
    return numbers.numpy().astype("<i4").tobytes()


def _settled(pixels: Path, length: int) -> int:
    """When the pixels changed last, in nanoseconds; files too long to be read again are on the disk by then."""
    with pixels.open("rb") as stream:
        if length >= _READ_BYTES:
            os.fsync(stream.fileno())
        return os.fstat(stream.fileno()).st_mtime_ns


def _clear_abandoned(pixels: Path) -> None:
    """Delete what damaged sets and killed processes left beside these pixels."""
    for other in pixels.parent.glob("pixels-*"):
        with suppress(OSError):
            if other != pixels and time.time() - other.stat().st_mtime > _ABANDONED_SECONDS:
                remove(other)


def _make_room() -> None:
    """Delete the sets used longest ago until the store is within its bounds and the disk has space to spare.

    What was opened or written in the last hours stays, and so does a set that is just being decoded.
    """
    root = _folder()
    with suppress(OSError):
        stored = sorted(_used(folder) for folder in root.iterdir())
        total = sum(length for _, length, _ in stored)
        for used, length, folder in stored:
            if total <= _MOST_BYTES and free_bytes(root) >= SPARE_BYTES:
                return
            if time.time() - used > _IN_USE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
                total -= length


def _used(folder: Path) -> tuple[float, int, Path]:
    """When a set was last opened or written, its bytes, and its folder; nothing of what is just being deleted."""
    last, length = 0.0, 0
    with suppress(OSError):
        for file in folder.iterdir():
            found = file.stat()
            last, length = max(last, found.st_mtime), length + found.st_size
    return last, length, folder
