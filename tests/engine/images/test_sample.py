"""The bundled sets: what is in them, that nothing leaks between splits or sets, that damage is noticed."""

import hashlib
import itertools
import shutil
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
import torch
from PIL import Image

from zepad_engine import resources
from zepad_engine.errors import BadInput
from zepad_engine.images.sample import SAMPLE_SETS, load_sample
from zepad_engine.images.sample_catalogue import (
    SAMPLE_TASKS,
    read_record,
    sample_cards,
)

COUNTS = {
    "signs": {"all": 4629, "train": 2727, "validation": 294, "calibration": 534, "test": 1074},
    "satellite": {"all": 5630, "train": 3824, "validation": 292, "calibration": 581, "test": 933},
    "fashion": {"all": 5900, "train": 4000, "validation": 300, "calibration": 600, "test": 1000},
    "emoji": {"all": 3812, "train": 2008, "validation": 294, "calibration": 514, "test": 996},
    "openmoji": {"all": 2464},
    "earth": {"all": 2500},
}
TEST_CLASSES = {
    "signs": [84, 132, 420, 438],
    "satellite": [155, 164, 116, 180, 161, 157],
    "fashion": [100] * 10,
    "emoji": [44, 82, 142, 68, 140, 204, 66, 132, 118],
}


@cache
def loaded(name):
    return load_sample(name)


@cache
def digests(name):
    return [hashlib.sha256(picture.numpy().tobytes()).digest() for picture in loaded(name).pictures]


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the bundled sets that a test may damage."""
    shutil.copytree(resources.asset("sample"), tmp_path / "sample")
    monkeypatch.setattr(resources, "_ASSETS", tmp_path)
    return tmp_path / "sample"


@pytest.mark.parametrize("name", SAMPLE_SETS)
def test_a_set_is_whole_and_of_one_shape(name):
    images = loaded(name)
    assert images.pictures.dtype == torch.uint8
    assert images.pictures.shape == (COUNTS[name]["all"], 3, 32, 32)
    assert images.source.endswith(f"Licence: {read_record(name).licence}.")


@pytest.mark.parametrize("name", SAMPLE_SETS)
def test_the_digests_of_the_record_hold(name):
    images, record = loaded(name), read_record(name)
    assert hashlib.sha256(images.pictures.numpy().tobytes()).hexdigest() == record.pixels_sha256
    assert images.sha256() == record.sha256


@pytest.mark.parametrize("card", sample_cards(), ids=lambda card: card.key)
def test_the_cards_count_as_the_sets_do(card):
    assert card.counts == COUNTS[card.key]
    images = loaded(card.key)
    assert {split: len(images.indices(split)) for split in card.counts} == card.counts
    assert card.name == images.name
    assert "sample" in card.name


@pytest.mark.parametrize("name", SAMPLE_TASKS)
def test_every_class_is_in_every_split(name):
    images = loaded(name)
    assert images.labels is not None
    for split in images.splits:
        counts = torch.bincount(images.labels[images.indices(split)], minlength=len(images.classes))
        assert counts.min() >= 12
        if split == "test":
            assert counts.tolist() == TEST_CLASSES[name]


@pytest.mark.parametrize("name", SAMPLE_TASKS)
def test_splits_hold_every_picture_once(name):
    images = loaded(name)
    everything = torch.cat([images.indices(split) for split in images.splits])
    assert sorted(everything.tolist()) == list(range(len(images)))


@pytest.mark.parametrize("name", SAMPLE_TASKS)
def test_no_picture_is_in_two_splits(name):
    images = loaded(name)
    sides = {split: {digests(name)[index] for index in images.indices(split)} for split in images.splits}
    for one, other in itertools.combinations(sides, 2):
        assert not sides[one] & sides[other]


@pytest.mark.parametrize("name", SAMPLE_TASKS)
def test_a_group_of_near_duplicates_is_on_one_side(name):
    record = read_record(name)
    sides = defaultdict(set)
    for split, indices in record.splits.items():
        for index in indices:
            sides[record.groups[index]].add(split)
    assert {len(splits) for splits in sides.values()} == {1}


def test_no_picture_is_in_two_sets():
    for one, other in itertools.combinations(SAMPLE_SETS, 2):
        assert not set(digests(one)) & set(digests(other))


def test_the_earth_surrogate_is_apart_in_longitude_from_the_satellite_task():
    assert not set(read_record("earth").groups) & set(read_record("satellite").groups)


def test_pictures_are_neither_empty_nor_grey_where_they_should_be_coloured():
    for name in SAMPLE_SETS:
        pictures = loaded(name).pictures.float()
        assert 20 < pictures.mean() < 235
        assert pictures.std() > 40
        saturation = (pictures.amax(1) - pictures.amin(1)).mean()
        assert saturation == 0 if name == "fashion" else saturation > 15


def test_surrogates_have_no_labels():
    surrogates = [card for card in sample_cards() if card.kind == "surrogate"]
    assert [card.key for card in surrogates] == ["openmoji", "earth"]
    for card in surrogates:
        assert loaded(card.key).labels is None
        assert not loaded(card.key).splits
        assert card.kind == "surrogate"


def test_tasks_have_classes():
    assert [(card.key, len(card.classes)) for card in sample_cards() if card.kind == "task"] == [
        ("signs", 4),
        ("satellite", 6),
        ("fashion", 10),
        ("emoji", 9),
    ]


def test_openmoji_keeps_its_own_licence_beside_it():
    assert read_record("openmoji").licence == "CC-BY-SA-4.0"
    assert "Attribution-ShareAlike 4.0" in resources.asset("sample", "openmoji.LICENSE.txt").read_text()


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match=r"no bundled image set named cifar.*signs"):
        load_sample("cifar")


def test_a_name_is_never_a_path():
    with pytest.raises(BadInput, match="no bundled image set"):
        load_sample("../sample/signs")


def _cut_short(folder: Path):
    content = (folder / "earth.webp").read_bytes()
    (folder / "earth.webp").write_bytes(content[: len(content) // 2])


def _one_pixel_changed(folder: Path):
    with Image.open(folder / "earth.webp") as sheet:
        changed = sheet.convert("RGB")
    changed.putpixel((5, 5), (255, 0, 255))
    changed.save(folder / "earth.webp", lossless=True, method=0)


def _other_size(folder: Path):
    Image.new("RGB", (64, 64)).save(folder / "earth.webp")


def _no_picture(folder: Path):
    (folder / "earth.webp").write_bytes(b"not a picture")


def _record_cut_short(folder: Path):
    content = (folder / "earth.json").read_bytes()
    (folder / "earth.json").write_bytes(content[:200])


@pytest.mark.parametrize("harm", [_cut_short, _one_pixel_changed, _other_size, _no_picture, _record_cut_short])
def test_a_damaged_set_is_refused(copied, harm):
    harm(copied)
    with pytest.raises(BadInput, match=r"earth is damaged.*Install ZePAD again"):
        load_sample("earth")


def test_a_changed_split_is_refused(copied):
    record = copied / "fashion.json"
    text = record.read_text()
    start = text.index('"test":[') + len('"test":[')
    first, second = text[start:].split(",", 2)[:2]
    record.write_text(text[:start] + text[start:].replace(f"{first},{second}", f"{second},{first}", 1))
    with pytest.raises(BadInput, match="fashion is damaged"):
        load_sample("fashion")


def test_a_missing_sheet_is_named(copied):
    (copied / "earth.webp").unlink()
    with pytest.raises(BadInput, match=r"sample/earth.webp is missing"):
        load_sample("earth")


def test_listing_the_sets_needs_no_torch():
    code = (
        "import sys; from zepad_engine.images.sample_catalogue import sample_cards; "
        "assert len(sample_cards()) == 6; assert 'torch' not in sys.modules; assert 'PIL' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
