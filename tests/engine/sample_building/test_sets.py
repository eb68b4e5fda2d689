"""The rules of each set that can be checked without its package."""

import numpy as np
import pytest
from PIL import Image

from zepad_engine.images.sample_catalogue import read_record
from zepad_engine.images.tile_sheet import fitted
from zepad_engine.sample_building import blue_marble, emoji, signs
from zepad_engine.sample_building.draft import Draft
from zepad_engine.sample_building.drawing import on_white
from zepad_engine.sample_building.writing import record_of, write_draft


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1F468-200D-2695-FE0F", "1F469-200D-2695-FE0F"),
        ("1F3C3-200D-2640-FE0F", "1F3C3-200D-2642-FE0F-200D-27A1-FE0F"),
        ("1F550", "1F567"),
        ("0023-FE0F-20E3", "0039-FE0F-20E3"),
        ("1F468", "1F9D1"),
    ],
)
def test_variants_of_an_emoji_are_one_concept(one, other):
    assert emoji.concept_name(one) == emoji.concept_name(other)


def test_different_emoji_are_different_concepts():
    assert len({emoji.concept_name(code) for code in ("1F600", "1F3C3", "1F549", "2640-FE0F", "1F1E6-1F1E8")}) == 5


def test_country_variants_and_numbers_of_a_sign_are_one_concept():
    names = (
        "regulatory--maximum-speed-limit-40--g1",
        "regulatory--maximum-speed-limit-100--g4",
        "complementary--maximum-speed-limit-15--g1",
    )
    assert {signs.concept_name(name) for name in names} == {"maximum-speed-limit"}


def test_a_scene_is_the_same_for_the_same_seed_only():
    drawing = Image.new("RGBA", (96, 96), (200, 0, 0, 255))
    one, again, other = (signs.scene(drawing, seed) for seed in ("a", "a", "b"))
    assert one.shape == (32, 32, 3)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_drawing_is_put_on_white():
    assert (on_white(Image.new("RGBA", (64, 64))) == 255).all()
    assert (on_white(Image.new("RGBA", (64, 64), (0, 0, 255, 255))) == (0, 0, 255)).all()


def test_every_strip_has_a_use_and_no_patch_leaves_its_strip():
    assert len(blue_marble.STRIPS) == 30
    assert set(blue_marble.STRIPS) == set("ervct")
    for use in "ervct":
        for strip, x, y in blue_marble._places(2700, use):
            assert strip * 180 <= x <= (strip + 1) * 180 - blue_marble.PATCH
            assert y <= 2700 - blue_marble.PATCH


def test_the_stored_satellite_splits_follow_the_strips():
    record = read_record("satellite")
    uses = {"train": "r", "validation": "v", "calibration": "c", "test": "t"}
    for split, indices in record.splits.items():
        assert {blue_marble.STRIPS[record.groups[index]] for index in indices} == {uses[split]}
    assert {blue_marble.STRIPS[group] for group in read_record("earth").groups} == {"e"}


def test_patches_of_the_test_split_do_not_overlap():
    places = list(blue_marble._places(2700, "t"))
    assert all(y % blue_marble.PATCH == 0 and x % 180 % blue_marble.PATCH == 0 for _, x, y in places)
    assert len(places) == len(set(places))


@pytest.fixture
def draft():
    tiles = np.arange(4 * 32 * 32 * 3, dtype=np.uint64).astype(np.uint8).reshape(4, 32, 32, 3)
    return Draft(
        key="earth",
        name="Earth, bundled sample",
        kind="task",
        summary="",
        source="",
        licence="",
        packages=(),
        tiles=tiles,
        groups=[0, 1, 2, 3],
        classes=("a", "b"),
        labels=[0, 1, 0, 1],
        splits={"train": [0, 1], "test": [2, 3]},
    )


def test_a_stored_draft_is_loaded_as_it_was(draft, tmp_path, monkeypatch):
    from zepad_engine import resources
    from zepad_engine.images.sample import load_sample

    write_draft(draft, tmp_path / "sample")
    monkeypatch.setattr(resources, "_ASSETS", tmp_path)
    images = load_sample("earth")
    assert images.sha256() == record_of(draft).sha256
    assert np.array_equal(images.pictures.numpy(), fitted(draft.tiles, "none"))
    assert images.indices("test").tolist() == [2, 3]
