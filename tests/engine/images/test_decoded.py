"""The store of decoded sets: nothing is decoded twice, and nothing stale, damaged or half is ever served."""

from __future__ import annotations

import os
import shutil
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from zepad_engine import places, storage
from zepad_engine.errors import NoSpace
from zepad_engine.images import decoded, folder, pixel_file
from zepad_engine.images.decoded import find_decoded, open_decoded, set_key
from zepad_engine.images.folder import load_folder
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.opening import open_images

DAY = 86_400


def paint(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def pets(tmp_path) -> Path:
    for split, count in (("train", 6), ("test", 3)):
        for label, name in enumerate(("cat", "dog")):
            for index in range(count):
                paint(tmp_path / "pets" / split / name / f"{index}.png", 100 * label + index + len(split))
    (tmp_path / "pets" / "train" / "cat" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "pets"


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """The names of the pictures that were decoded."""
    names: list[str] = []
    decode = folder.decode_picture

    def counted(content: bytes, name: str, size: int) -> torch.Tensor:
        names.append(name)
        return decode(content, name, size)

    monkeypatch.setattr(folder, "decode_picture", counted)
    return names


@pytest.fixture
def store() -> Path:
    return places.cache_folder() / "decoded"


def pixel_files(store: Path) -> list[Path]:
    return sorted(store.glob("*/pixels-*"))


def everything(images: ImageSet) -> tuple[object, ...]:
    splits = {split: index.tolist() for split, index in images.splits.items()}
    labels = None if images.labels is None else (images.labels.dtype, images.labels.tolist())
    return images.name, images.source, images.classes, labels, list(splits), splits, images.pictures.tolist()


def hashed(images: ImageSet) -> str:
    return ImageSet(name="", pictures=images.pictures, labels=images.labels, splits=images.splits).sha256()


def test_the_store_gives_what_decoding_gives(pets, calls):
    direct = load_folder(pets, 8)
    first, second = open_images(str(pets), 8), open_images(str(pets), 8)
    assert everything(first) == everything(direct)
    assert everything(second) == everything(direct)
    assert direct.sha256() == first.sha256() == second.sha256() == hashed(second)
    assert "18 pictures read from pets, 1 unreadable left out" in second.source
    assert len(calls) == 2 * 19


def test_unlabelled_pictures_are_stored_too(pets, calls):
    flat = pets / "train" / "dog"
    direct = load_folder(flat, 8)
    for _ in range(2):
        assert everything(open_images(str(flat), 8)) == everything(direct)
    assert len(calls) == 2 * 6


def test_sizes_are_stored_apart(pets, calls):
    assert [open_images(str(pets), size).size for size in (8, 10, 8, 10)] == [8, 10, 8, 10]
    assert len(calls) == 2 * 19


def repainted(pets: Path) -> None:
    paint(pets / "train" / "cat" / "0.png", 999)


def added(pets: Path) -> None:
    paint(pets / "train" / "cat" / "new.png", 999)


def deleted(pets: Path) -> None:
    (pets / "test" / "dog" / "2.png").unlink()


def moved(pets: Path) -> None:
    (pets / "test" / "dog" / "2.png").rename(pets / "test" / "cat" / "9.png")


def dated(pets: Path) -> None:
    os.utime(pets / "test" / "dog" / "2.png", (1, 1))


@pytest.mark.parametrize("change", [repainted, added, deleted, moved, dated])
def test_a_changed_folder_is_decoded_anew(pets, calls, change):
    open_images(str(pets), 8)
    calls.clear()
    change(pets)
    assert everything(open_images(str(pets), 8)) == everything(load_folder(pets, 8))
    assert len(calls) >= 2 * 18


def test_a_changed_zip_is_decoded_anew(pets, tmp_path, calls):
    found = []
    for number in (0, 0, 1):
        if number or not found:
            paint(pets / "train" / "cat" / "0.png", 500 + number)
            with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
                for file in sorted(pets.rglob("*.png")):
                    archive.write(file, file.relative_to(pets).as_posix())
        found.append(open_images(str(tmp_path / "pets.zip"), 8).sha256())
    assert len(calls) == 2 * 19
    assert found[0] == found[1] != found[2] == load_folder(pets, 8).sha256()


def test_a_seed_counts_only_where_pictures_are_left_out(pets, calls):
    (pets / "train" / "cat" / "broken.png").unlink()
    assert len({open_images(str(pets), 8, limit, seed).sha256() for limit in (None, 18, 99) for seed in (0, 1)}) == 1
    assert len(calls) == 18
    for seed in (0, 1, 2):
        assert everything(open_images(str(pets), 8, 4, seed)) == everything(load_folder(pets, 8, 4, seed))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[500] ^= 1
    file.write_bytes(content)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut, flipped, emptied, Path.unlink])
@pytest.mark.parametrize("pattern", ["*/whole.json", "*/pixels-*"])
def test_a_damaged_store_is_decoded_again(pets, calls, store, harm, pattern):
    direct = everything(open_images(str(pets), 8))
    for file in store.glob(pattern):
        harm(file)
    calls.clear()
    assert everything(open_images(str(pets), 8)) == direct
    assert len(calls) == 19
    assert everything(open_images(str(pets), 8)) == direct
    assert len(calls) == 19


def test_a_record_that_was_edited_is_not_believed(pets, calls, store):
    open_images(str(pets), 8)
    (record,) = store.glob("*/whole.json")
    content = record.read_bytes()
    assert content.count(b'"dog"') == 1
    record.write_bytes(content.replace(b'"dog"', b'"god"'))
    assert open_images(str(pets), 8).classes == ("cat", "dog")
    assert len(calls) == 2 * 19


def test_a_record_of_another_set_is_not_believed(pets, calls, store):
    direct = everything(open_images(str(pets), 8))
    (stored,) = store.iterdir()
    stored.rename(store / "kept")
    stored.mkdir()
    open_images(str(pets), 10)
    (other,) = (found for found in store.iterdir() if found.name != "kept" and any(found.iterdir()))
    for file in other.iterdir():
        shutil.copy2(file, stored)
    assert everything(open_images(str(pets), 8)) == direct


def test_large_sets_are_checked_by_size_and_time(pets, calls, store, monkeypatch):
    monkeypatch.setattr(decoded, "_READ_BYTES", 0)
    read = []
    monkeypatch.setattr(ImageSet, "_hashed", lambda images: read.append(len(images)) or hashed_as_before(images))
    direct = open_images(str(pets), 8).sha256()
    assert open_images(str(pets), 8).sha256() == direct
    assert (len(calls), read) == (19, [18])
    os.utime(pixel_files(store)[0], (1, 1))
    assert open_images(str(pets), 8).sha256() == direct
    assert (len(calls), read) == (2 * 19, [18, 18])


hashed_as_before = ImageSet._hashed


def test_a_cache_that_cannot_be_written_stops_nothing(pets, calls, own_home):
    own_home.mkdir(exist_ok=True)
    (own_home / "cache").write_bytes(b"a file stands where the folder would be")
    for _ in range(2):
        assert everything(open_images(str(pets), 8)) == everything(load_folder(pets, 8))


def test_a_full_disk_stops_nothing_and_keeps_nothing(pets, calls, store, monkeypatch):
    monkeypatch.setattr(pixel_file, "free_bytes", lambda _folder: 0)
    for _ in range(2):
        assert everything(open_images(str(pets), 8)) == everything(load_folder(pets, 8))
    assert pixel_files(store) == []


def test_a_record_that_cannot_be_written_leaves_no_pixels(pets, store, monkeypatch):
    def refuse(_path: Path, _content: bytes) -> None:
        raise NoSpace("full")

    monkeypatch.setattr(storage, "write_bytes", refuse)
    assert everything(open_images(str(pets), 8)) == everything(load_folder(pets, 8))
    assert pixel_files(store) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes such names")
@pytest.mark.parametrize("place", [b"p\xffts/cat/0.png", b"pets/c\xfft/0.png", b"pets/cat/\xff.png"])
def test_names_that_are_no_text_stop_nothing(tmp_path, place):
    path = tmp_path / os.fsdecode(place)
    root = path.parent.parent
    for index in range(2):
        paint(path.with_stem(f"{path.stem}{index}"), index)
        paint(root / "dog" / f"{index}.png", index + 9)
    for _ in range(2):
        assert everything(open_images(str(root), 8)) == everything(load_folder(root, 8))


def test_a_set_that_cannot_be_read_leaves_nothing(tmp_path, store):
    for index in range(4):
        paint(tmp_path / "few" / f"{index}.png", index)
    (tmp_path / "few" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(Exception, match="1 of 5 pictures in few cannot be read"):
        open_images(str(tmp_path / "few"), 8)
    assert pixel_files(store) == []


def noise(key: str, pictures: int = 10) -> decoded.Decoded:
    made = torch.full((pictures, 3, 8, 8), len(key), dtype=torch.uint8)

    def decode(pixels: pixel_file.PixelFile) -> ImageSet:
        pixels.append(made)
        return ImageSet(name=key, pictures=pixels.mapped())

    return open_decoded(set_key(key), 8, decode)


def age(store: Path, key: str, days: float) -> None:
    for file in (store / set_key(key)).iterdir():
        os.utime(file, (time.time() - days * DAY,) * 2)


@pytest.fixture
def small_store(monkeypatch):
    """Room for three sets of ten pictures."""
    monkeypatch.setattr(decoded, "_MOST_BYTES", 3 * (10 * 192 + 600))


def test_the_sets_used_longest_ago_make_room(store, small_store):
    for key, days in (("a", 3), ("bb", 9), ("ccc", 6)):
        noise(key)
        age(store, key, days)
    noise("dddd")
    assert [find_decoded(set_key(key)) is not None for key in ("a", "bb", "ccc", "dddd")] == [True, False, True, True]


def test_opening_a_set_counts_as_use(store, small_store):
    for key, days in (("a", 3), ("bb", 9), ("ccc", 6)):
        noise(key)
        age(store, key, days)
    find_decoded(set_key("bb"))
    noise("dddd")
    assert [find_decoded(set_key(key)) is not None for key in ("a", "bb", "ccc", "dddd")] == [True, True, False, True]


def test_the_newest_set_stays_however_large(store, small_store):
    noise("a")
    age(store, "a", 3)
    large = noise("bb", pictures=500)
    assert find_decoded(set_key("a")) is None
    assert torch.equal(find_decoded(set_key("bb")).images.pictures, large.images.pictures)


def test_sets_in_use_stay(store, small_store):
    for key in ("a", "bb", "ccc", "dddd", "eeeee"):
        noise(key)
    assert all(find_decoded(set_key(key)) for key in ("a", "bb", "ccc", "dddd", "eeeee"))


def test_a_full_disk_makes_old_sets_go_first(store, monkeypatch):
    noise("a")
    age(store, "a", 3)
    full = pixel_file.SPARE_BYTES - 1
    for module in (decoded, pixel_file):
        monkeypatch.setattr(module, "free_bytes", lambda _folder: 2 * full if len(pixel_files(store)) == 0 else full)
    assert noise("bb").pixels is not None
    assert find_decoded(set_key("a")) is None


def test_what_strangers_leave_in_the_store_is_in_nobodys_way(store, small_store):
    store.mkdir(parents=True)
    (store / "note.txt").write_text("not a set")
    for key in ("a", "bb", "ccc", "dddd"):
        noise(key)
        age(store, key, 3)
    noise("eeeee")
    assert find_decoded(set_key("a")) is None
    assert find_decoded(set_key("eeeee")) is not None


def test_a_set_that_was_deleted_stays_good_where_it_is_open(store):
    images = noise("a").images
    shutil.rmtree(store)
    assert images.pictures.sum() == 10 * 192


def test_of_two_at_once_the_first_is_kept_and_both_are_right(store):
    """The second decodes while the first is at it, and ends before it does."""
    made = torch.arange(192, dtype=torch.uint8).reshape(1, 3, 8, 8)

    def decode(pixels: pixel_file.PixelFile) -> ImageSet:
        pixels.append(made)
        return ImageSet(name="inner", pictures=pixels.mapped())

    def interrupted(pixels: pixel_file.PixelFile) -> ImageSet:
        images = decode(pixels)
        assert len(pixel_files(store)) == 1
        inner = open_decoded(set_key("one"), 8, decode)
        assert len(pixel_files(store)) == 2
        assert torch.equal(inner.images.pictures, made)
        return images

    outer = open_decoded(set_key("one"), 8, interrupted)
    assert torch.equal(outer.images.pictures, made)
    assert torch.equal(find_decoded(set_key("one")).images.pictures, made)
    assert pixel_files(store) == [outer.pixels]


def test_what_killed_processes_left_is_cleared_after_an_hour(store):
    place = store / set_key("a")
    place.mkdir(parents=True)
    for name, hours in (("pixels-old", 2), ("pixels-new", 0.5)):
        (place / name).write_bytes(b"half a set")
        os.utime(place / name, (time.time() - hours * 3600,) * 2)
    noise("a")
    assert {file.name for file in pixel_files(store)} >= {"pixels-new"}
    assert not (place / "pixels-old").exists()
    assert find_decoded(set_key("a")) is not None


def test_strangers_cannot_read_the_pictures(store):
    pixels = noise("a").pixels
    assert pixels.stat().st_mode & 0o077 == 0
    assert pixels.parent.stat().st_mode & 0o077 == 0
