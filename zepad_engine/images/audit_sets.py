"""The image sets of an audit: bundled or the user's own, at the encoder's input size, with every split it needs."""

from __future__ import annotations

import dataclasses
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import torch

from zepad_engine.errors import BadInput
from zepad_engine.images.decoded import Decoded, find_decoded, keep_record, set_key
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.opening import decode_images, source_key
from zepad_engine.images.split import split_indices

_MOST_PICTURES: Final = 2_000_000
_FRESH: Final = {"train": 0.6, "validation": 0.05, "calibration": 0.15, "test": 0.2}
_BESIDE_TEST: Final = {"train": 0.8, "validation": 0.05, "calibration": 0.15}

# An open set holds one file handle and no memory of its own.
_MOST_OPEN: Final = 16
# Looking for changed files takes 5 µs per picture; it may take a twentieth of a worker's time, no more.
_LOOKING_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Opened:
    """A set of this process, the store's key for its files, and until when they are taken to be unchanged (s)."""

    images: ImageSet
    key: str
    until: float


_opened: OrderedDict[tuple[str, int, int], _Opened] = OrderedDict()


def open_set(key: str, size: int, seed: int) -> ImageSet:
    """An image set as uint8 (N, 3, size, size), decoded once for all workers and audits until its files change.

    Labelled sets come with train, validation, calibration and test splits: the stored ones of a bundled set, a
    folder's own train and test, and the rest drawn by ``seed``.

    Raises:
        BadInput: the set cannot be read, or is too small to be split.
    """
    asked = (key, size, seed)
    known, started = _opened.get(asked), time.monotonic()
    if known is not None and started < known.until:
        return known.images
    found = source_key(key, size, _MOST_PICTURES, seed)
    looked = time.monotonic()
    images = known.images if known is not None and known.key == found else _open(key, size, seed, found)
    _opened[asked] = _Opened(images, found, time.monotonic() + (looked - started) / _LOOKING_SHARE)
    _opened.move_to_end(asked)
    while len(_opened) > _MOST_OPEN:
        _opened.popitem(last=False)
    return images


def _open(key: str, size: int, seed: int, found: str) -> ImageSet:
    """The set from the store, its splits drawn by an earlier audit; or decoded, its splits drawn now."""
    drawn = "drawn-" + set_key(seed, repr(_FRESH), repr(_BESIDE_TEST))
    stored = find_decoded(found, drawn)
    if stored is not None:
        return stored.images
    decoded = decode_images(key, size, _MOST_PICTURES, seed, found)
    if decoded.images.labels is None:
        return decoded.images
    images = _with_splits(decoded.images, seed)
    if images is not decoded.images:
        keep_record(found, drawn, Decoded(images=images, pixels=decoded.pixels))
    return images


def _with_splits(images: ImageSet, seed: int) -> ImageSet:
    splits = dict(images.splits)
    if {"train", "validation", "calibration", "test"} <= set(splits):
        return images
    assert images.labels is not None
    pool = splits.get("train") if "test" in splits else torch.arange(len(images))
    if pool is None:
        raise BadInput(f"{images.name} has a test folder and no train folder.", "Add one, or drop the test folder.")
    shares = _BESIDE_TEST if "test" in splits else _FRESH
    pictures = (images.pictures[index] for index in pool.tolist())
    dealt = split_indices(pictures, images.labels[pool], shares, seed)
    splits.update({name: pool[index] for name, index in dealt.items() if name == "train" or name not in splits})
    small = [name for name in _FRESH if len(splits.get(name, ())) < 2]
    if small:
        raise BadInput(
            f"{images.name} has too few pictures for a {small[0]} split.", "Add pictures: about 40 per class will do."
        )
    return dataclasses.replace(images, splits=splits)
