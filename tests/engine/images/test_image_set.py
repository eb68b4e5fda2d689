"""The digest of a set: of its content alone, taken once."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
import torch

from zepad_engine.images import image_set
from zepad_engine.images.image_set import ImageSet

PICTURES = torch.randint(0, 256, (50, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(50) % 3
SPLITS = {"train": torch.arange(40), "test": torch.arange(40, 50)}


def at_one_go() -> str:
    """The digest's definition, as every stored record holds it."""
    parts = [PICTURES, LABELS, b"test", SPLITS["test"], b"train", SPLITS["train"]]
    return hashlib.sha256(b"".join(p if isinstance(p, bytes) else p.numpy().tobytes() for p in parts)).hexdigest()


@pytest.mark.parametrize("chunk", [1, 7, 1024])
def test_chunks_do_not_change_the_digest(monkeypatch, chunk):
    monkeypatch.setattr(image_set, "_HASHED_AT_ONCE", chunk)
    assert ImageSet(name="x", pictures=PICTURES, labels=LABELS, splits=SPLITS).sha256() == at_one_go()


def test_memory_layout_does_not_change_the_digest():
    strided = PICTURES.contiguous(memory_format=torch.channels_last)
    assert not strided.is_contiguous()
    assert ImageSet(name="x", pictures=strided, labels=LABELS, splits=SPLITS).sha256() == at_one_go()


def test_it_is_taken_once(monkeypatch):
    images = ImageSet(name="x", pictures=PICTURES, labels=LABELS, splits=SPLITS)
    first = images.sha256()
    monkeypatch.setattr(ImageSet, "_hashed", None)
    assert images.sha256() == first
    assert ImageSet(name="x", pictures=PICTURES).with_digest("known").sha256() == "known"


def test_a_set_made_from_another_takes_its_own():
    images = ImageSet(name="x", pictures=PICTURES, labels=LABELS)
    before = images.sha256()
    assert dataclasses.replace(images, splits=SPLITS).sha256() == at_one_go() != before
