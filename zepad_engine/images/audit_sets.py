"""The image sets of an audit: bundled or the user's own, at the encoder's input size, with every split it needs."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.errors import BadInput
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.opening import open_images
from zepad_engine.images.sample import load_sample
from zepad_engine.images.split import split_indices
from zepad_engine.plan import SAMPLE_PREFIX

_MOST_PICTURES = 60_000
_FRESH = {"train": 0.6, "validation": 0.05, "calibration": 0.15, "test": 0.2}
_BESIDE_TEST = {"train": 0.8, "validation": 0.05, "calibration": 0.15}


@lru_cache(maxsize=6)
def open_set(key: str, size: int, seed: int) -> ImageSet:
    """An image set as uint8 (N, 3, size, size).

    Labelled sets come with train, validation, calibration and test splits: the stored ones of a bundled set, a
    folder's own train and test, and the rest drawn by ``seed``.

    Raises:
        BadInput: the set cannot be read, or is too small to be split.
    """
    if key.startswith(SAMPLE_PREFIX):
        images = load_sample(key.removeprefix(SAMPLE_PREFIX))
    else:
        images = open_images(key, size, _MOST_PICTURES, seed)
    if images.size != size:
        images = dataclasses.replace(images, pictures=_resized(images.pictures, size))
    return images if images.labels is None else _with_splits(images, seed)


def _resized(pictures: Tensor, size: int) -> Tensor:
    parts = [
        functional.interpolate(batch.float(), size=(size, size), mode="bilinear", antialias=True).round().clamp(0, 255)
        for batch in pictures.split(512)
    ]
    return torch.cat(parts).to(torch.uint8)


def _with_splits(images: ImageSet, seed: int) -> ImageSet:
    splits = dict(images.splits)
    if {"train", "validation", "calibration", "test"} <= set(splits):
        return images
    assert images.labels is not None
    pool = splits.get("train") if "test" in splits else torch.arange(len(images))
    if pool is None:
        raise BadInput(f"{images.name} has a test folder and no train folder.", "Add one, or drop the test folder.")
    shares = _BESIDE_TEST if "test" in splits else _FRESH
    dealt = split_indices(images.pictures[pool], images.labels[pool], shares, seed)
    splits.update({name: pool[index] for name, index in dealt.items() if name == "train" or name not in splits})
    small = [name for name in _FRESH if len(splits.get(name, ())) < 2]
    if small:
        raise BadInput(
            f"{images.name} has too few pictures for a {small[0]} split.", "Add pictures: about 40 per class will do."
        )
    return dataclasses.replace(images, splits=splits)
