"""The sets of an audit: the splits they had before there was a store, drawn once, and never out of date."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from zepad_engine import resources
from zepad_engine.errors import BadInput
from zepad_engine.images import audit_sets, folder, sample
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.folder import load_folder
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.sample import load_sample
from zepad_engine.images.split import split_indices


def paint(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


def painted(root: Path, *splits: str) -> Path:
    for number, split in enumerate(splits or ("",)):
        for label in range(2):
            for index in range(30):
                paint(root / split / f"class{label}" / f"{index}.png", 1000 * number + 100 * label + index)
    return root


@pytest.fixture(autouse=True)
def every_look_counts(monkeypatch):
    """A process that has opened nothing yet, and looks at the files every time it is asked."""
    monkeypatch.setattr(audit_sets, "_LOOKING_SHARE", float("inf"))
    audit_sets._opened.clear()
    yield
    audit_sets._opened.clear()


def as_another_process() -> None:
    audit_sets._opened.clear()


def refused(*_: object) -> None:
    raise AssertionError("this was done already")


def test_a_plain_folder_gets_all_four_splits(tmp_path):
    images, direct = open_set(str(painted(tmp_path / "pets")), 8, 5), load_folder(tmp_path / "pets", 8)
    expected = split_indices(
        direct.pictures, direct.labels, {"train": 0.6, "validation": 0.05, "calibration": 0.15, "test": 0.2}, 5
    )
    assert torch.equal(images.pictures, direct.pictures)
    assert {name: index.tolist() for name, index in images.splits.items()} == {
        name: index.tolist() for name, index in expected.items()
    }
    assert {name: len(index) for name, index in images.splits.items()} == {
        "train": 36,
        "validation": 4,
        "calibration": 8,
        "test": 12,
    }


def test_a_folder_keeps_its_own_test_split(tmp_path):
    images, direct = open_set(str(painted(tmp_path / "pets", "train", "test")), 8, 5), load_folder(tmp_path / "pets", 8)
    pool = direct.splits["train"]
    dealt = split_indices(
        direct.pictures[pool], direct.labels[pool], {"train": 0.8, "validation": 0.05, "calibration": 0.15}, 5
    )
    assert images.splits["test"].tolist() == direct.splits["test"].tolist()
    for name, index in dealt.items():
        assert images.splits[name].tolist() == pool[index].tolist()
    assert {name: len(index) for name, index in images.splits.items()} == {
        "train": 48,
        "validation": 4,
        "calibration": 8,
        "test": 60,
    }


def test_a_second_process_decodes_and_draws_nothing(tmp_path, monkeypatch):
    key = str(painted(tmp_path / "pets"))
    first = open_set(key, 8, 5)
    as_another_process()
    monkeypatch.setattr(folder, "decode_picture", refused)
    monkeypatch.setattr(audit_sets, "split_indices", refused)
    second = open_set(key, 8, 5)
    assert second is not first
    assert second.sha256() == first.sha256()
    assert list(second.splits) == list(first.splits)
    again = ImageSet(name="", pictures=second.pictures, labels=second.labels, splits=second.splits)
    assert again.sha256() == second.sha256()


def test_another_seed_draws_other_splits_of_the_same_pixels(tmp_path, monkeypatch):
    key = str(painted(tmp_path / "pets"))
    first = open_set(key, 8, 5)
    monkeypatch.setattr(folder, "decode_picture", refused)
    other = open_set(key, 8, 6)
    assert torch.equal(other.pictures, first.pictures)
    assert other.splits["test"].tolist() != first.splits["test"].tolist()
    assert other.sha256() != first.sha256()


def test_one_process_keeps_what_it_opened(tmp_path):
    key = str(painted(tmp_path / "pets"))
    assert open_set(key, 8, 5) is open_set(key, 8, 5)


def test_a_changed_picture_is_seen_by_a_process_that_has_the_set_open(tmp_path):
    key = str(painted(tmp_path / "pets"))
    before = open_set(key, 8, 5)
    paint(tmp_path / "pets" / "class0" / "0.png", 9999)
    after = open_set(key, 8, 5)
    assert not torch.equal(after.pictures[0], before.pictures[0])
    assert torch.equal(after.pictures[1:], before.pictures[1:])


def test_looking_takes_a_small_share_of_the_time(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_sets, "_LOOKING_SHARE", 1e-6)
    key = str(painted(tmp_path / "pets"))
    first = open_set(key, 8, 5)
    monkeypatch.setattr(audit_sets, "source_key", refused)
    assert open_set(key, 8, 5) is first


def test_the_sets_opened_longest_ago_are_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_sets, "_MOST_OPEN", 2)
    key = str(painted(tmp_path / "pets"))
    first, second = open_set(key, 8, 0), open_set(key, 8, 1)
    assert open_set(key, 8, 0) is first
    open_set(key, 8, 2)
    assert open_set(key, 8, 0) is first
    assert open_set(key, 8, 1) is not second


@pytest.mark.parametrize("size", [32, 40])
def test_a_bundled_set_is_decoded_once(size, monkeypatch):
    images = open_set("sample:earth", size, 0)
    direct = load_sample("earth")
    scaled = functional.interpolate(direct.pictures.float(), size=(size, size), mode="bilinear", antialias=True)
    assert torch.equal(images.pictures, scaled.round().clamp(0, 255).to(torch.uint8))
    assert (images.name, images.source) == (direct.name, direct.source)
    as_another_process()
    monkeypatch.setattr(sample, "read_sheet", refused)
    assert open_set("sample:earth", size, 1).sha256() == images.sha256()


def test_a_bundled_set_that_comes_with_a_new_record_is_decoded_anew(tmp_path, monkeypatch):
    shutil.copytree(resources.asset("sample"), tmp_path / "sample")
    open_set("sample:earth", 32, 0)
    monkeypatch.setattr(resources, "_ASSETS", tmp_path)
    record = tmp_path / "sample" / "earth.json"
    record.write_text(record.read_text().replace('"name":"', '"name":"New ', 1))
    assert open_set("sample:earth", 32, 0).name == f"New {load_sample('earth').name.removeprefix('New ')}"


def test_a_bundled_task_keeps_its_digest_and_splits():
    images, direct = open_set("sample:emoji", 32, 0), load_sample("emoji")
    assert images.sha256() == direct.sha256()
    pixels = hashlib.sha256(images.pictures.numpy().tobytes()).hexdigest()
    assert pixels == sample.read_record("emoji").pixels_sha256
    assert list(images.splits) == list(direct.splits)


def test_pictures_without_labels_have_no_splits(tmp_path):
    for index in range(3):
        paint(tmp_path / "flat" / f"{index}.png", index)
    assert open_set(str(tmp_path / "flat"), 8, 0).splits == {}


def test_what_cannot_be_split_is_refused_each_time(tmp_path):
    for label in range(2):
        for index in range(4):
            paint(tmp_path / "few" / f"class{label}" / f"{index}.png", 10 * label + index)
    for _ in range(2):
        with pytest.raises(BadInput, match="few has too few pictures for a validation split"):
            open_set(str(tmp_path / "few"), 8, 0)
    painted(tmp_path / "half", "test")
    with pytest.raises(BadInput, match="half has a test folder and no train folder"):
        open_set(str(tmp_path / "half"), 8, 0)


def test_a_folder_that_is_gone_is_refused(tmp_path):
    key = str(painted(tmp_path / "pets"))
    open_set(key, 8, 5)
    (tmp_path / "pets").rename(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="no folder or file pets"):
        open_set(key, 8, 5)
