from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from zepad_engine.errors import BadImage, BadInput
from zepad_engine.images import torchvision_sets
from zepad_engine.images.folder import load_folder
from zepad_engine.images.opening import open_images
from zepad_engine.images.picture import decode_picture
from zepad_engine.images.torchvision_sets import load_torchvision


def paint(path: Path, colour=(10, 20, 30), size=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def encoded(picture: Image.Image, kind="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def classes(tmp_path):
    root = tmp_path / "pets"
    for split, count in (("train", 3), ("test", 2)):
        for label, name in enumerate(("cat", "dog")):
            for index in range(count):
                paint(root / split / name / f"{index}.png", (label * 100, index, 7))
    return root


def test_train_and_test_folders(classes):
    pets = load_folder(classes, 8)
    assert (pets.name, pets.classes, len(pets)) == ("pets", ("cat", "dog"), 10)
    assert pets.indices("train").tolist() == [4, 5, 6, 7, 8, 9]
    assert pets.labels[pets.indices("train")].tolist() == [0, 0, 0, 1, 1, 1]
    assert pets.pictures[9, :, 0, 0].tolist() == [100, 2, 7]
    assert pets.pictures.dtype == torch.uint8


@pytest.mark.parametrize("outer", ["", "pets/"])
def test_a_zip_gives_the_same_set(classes, tmp_path, outer):
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for file in sorted(classes.rglob("*.png"), reverse=True):
            archive.write(file, outer + file.relative_to(classes).as_posix())
        archive.writestr("__MACOSX/train/cat/._0.png", b"junk")
    assert open_images(str(tmp_path / "pets.zip"), 8).sha256() == load_folder(classes, 8).sha256()


def test_plain_class_folders_have_no_splits(classes):
    assert load_folder(classes / "train", 8).splits == {}
    assert load_folder(classes / "train", 8).labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_flat_folder_has_no_labels(tmp_path):
    for index in range(3):
        paint(tmp_path / f"{index}.jpg")
    assert load_folder(tmp_path, 8).labels is None


def test_hidden_and_linked_folders_and_broken_links_are_passed_over(classes, tmp_path):
    before = load_folder(classes, 8)
    paint(classes / "train" / ".thumbs" / "0.png")
    paint(classes / "train" / "cat" / ".hidden.png")
    paint(classes / "train" / "__MACOSX" / "0.png")
    (classes / "train" / "cow").symlink_to(classes / "train" / "cat", target_is_directory=True)
    (classes / "train" / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (classes / "train" / "cat" / "folder.png").mkdir()
    after = load_folder(classes, 8)
    assert (after.sha256(), after.source) == (before.sha256(), before.source)


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["pets/cat/0.png", "pets/cat/1.png", "pets/dog/0.png", "pets/dog/1.png"], ("cat", "dog")),
        (["a/b/cat/0.png", "a/b/cat/1.png", "a/b/dog/x/0.png", "a/b/dog/1.png"], ("cat", "dog")),
        (["train/cat/0.png", "train/cat/1.png", "train/dog/0.png", "train/dog/1.png"], ("cat", "dog")),
        (["a/test/cat/0.png", "a/test/cat/1.png", "a/train/dog/0.png", "a/train/dog/1.png"], ("cat", "dog")),
        (["cat/0.png", "cat/1.png", "dog/a/0.png", "dog/a/1.png"], ("cat", "dog")),
    ],
)
def test_outer_folders_are_dropped_and_classes_are_not(tmp_path, places, names):
    for index, place in enumerate(places):
        paint(tmp_path / "root" / place, (index, 0, 0))
    found = load_folder(tmp_path / "root", 8)
    assert found.classes == names
    assert found.labels.tolist() == [0, 0, 1, 1]


def test_a_damaged_member_of_a_zip_is_left_out(tmp_path):
    place = tmp_path / "pets.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for label in ("a", "b"):
            for index in range(10):
                archive.writestr(f"{label}/{index}.png", encoded(Image.new("RGB", (8, 8), (index, 0, 0))))
        start = archive.getinfo("a/3.png").header_offset + 30 + len("a/3.png")
    content = bytearray(place.read_bytes())
    content[start : start + 20] = b"\xff" * 20
    place.write_bytes(content)
    found = load_folder(place, 8)
    assert len(found) == 19
    assert "1 unreadable left out" in found.source


def test_limit_is_even_over_classes_and_seeded(classes):
    limited = load_folder(classes, 8, limit=4, seed=1)
    assert limited.labels[limited.indices("train")].bincount().tolist() == [2, 2]
    assert limited.sha256() == load_folder(classes, 8, limit=4, seed=1).sha256()
    assert len({load_folder(classes, 8, limit=4, seed=seed).sha256() for seed in range(6)}) > 1


def test_missing_empty_and_not_a_zip(tmp_path):
    with pytest.raises(BadInput, match="no folder or file gone"):
        load_folder(tmp_path / "gone", 8)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no pictures in empty"):
        load_folder(tmp_path / "empty", 8)
    (tmp_path / "net.zip").write_bytes(b"not a zip")
    with pytest.raises(BadInput, match="not a whole zip"):
        load_folder(tmp_path / "net.zip", 8)


def test_classes_that_cannot_serve(tmp_path):
    paint(tmp_path / "a" / "cat" / "0.png")
    paint(tmp_path / "a" / "cat" / "1.png")
    with pytest.raises(BadInput, match="only one class"):
        load_folder(tmp_path / "a", 8)
    paint(tmp_path / "a" / "dog" / "0.png")
    with pytest.raises(BadInput, match="class dog in a has a single picture"):
        load_folder(tmp_path / "a", 8)
    paint(tmp_path / "a" / "loose.png")
    with pytest.raises(BadInput, match="mixes loose pictures"):
        load_folder(tmp_path / "a", 8)


def test_unreadable_files_are_counted_up_to_a_tenth(tmp_path):
    for label in ("a", "b"):
        for index in range(10):
            paint(tmp_path / label / f"{index}.png")
    (tmp_path / "a" / "bad.png").write_bytes(b"\x89PNG broken")
    found = load_folder(tmp_path, 8)
    assert len(found) == 20
    assert "1 unreadable left out" in found.source
    for index in range(2):
        (tmp_path / "b" / f"bad{index}.png").write_bytes(b"")
    with pytest.raises(BadInput, match=r"3 of 23 pictures .* cannot be read"):
        load_folder(tmp_path, 8)


def test_colour_modes():
    grey = decode_picture(encoded(Image.new("L", (8, 8), 50)), "g", 8)
    assert grey[:, 0, 0].tolist() == [50, 50, 50]
    half = decode_picture(encoded(Image.new("RGBA", (8, 8), (255, 0, 0, 0))), "a", 8)
    assert half[:, 0, 0].tolist() == [255, 255, 255]
    deep = Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16))
    assert decode_picture(encoded(deep), "d", 8)[:, 0, 0].tolist() == pytest.approx([155.6] * 3, abs=1)


def test_turned_by_exif_and_cropped_from_the_centre():
    wide = Image.new("RGB", (24, 8), (0, 0, 0))
    wide.paste((255, 255, 255), (8, 0, 16, 8))
    assert decode_picture(encoded(wide), "w", 8).min() == 255
    exif = Image.Exif()
    exif[0x0112] = 3
    top = Image.new("RGB", (8, 8), (0, 0, 0))
    top.paste((255, 0, 0), (0, 0, 8, 1))
    turned = decode_picture(encoded(top, exif=exif), "t", 8)
    assert (int(turned[0, 0, 0]), int(turned[0, 7, 0])) == (0, 255)


def test_huge_and_foreign_pictures_are_refused():
    with pytest.raises(BadImage, match="huge is larger than 50 megapixels"):
        decode_picture(encoded(Image.new("1", (8000, 8000))), "huge", 8)
    with pytest.raises(BadImage, match="foreign"):
        decode_picture(encoded(Image.new("RGB", (8, 8)), "PPM"), "foreign", 8)


def test_torchvision_sets_from_disk_only(tmp_path):
    with pytest.raises(BadInput, match="files of cifar10 are not in the folder"):
        open_images(f"torchvision:cifar10:{tmp_path}", 32)
    with pytest.raises(BadInput, match="names no set"):
        open_images(f"torchvision:imagenet:{tmp_path}", 32)


def write_mnist(root: Path, grey: int):
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", 6), ("t10k", 4)):
        header = (0x0803).to_bytes(4, "big") + b"".join(value.to_bytes(4, "big") for value in (count, 28, 28))
        (raw / f"{split}-images-idx3-ubyte").write_bytes(header + bytes([grey]) * count * 784)
        labels = (0x0801).to_bytes(4, "big") + count.to_bytes(4, "big") + bytes(range(count))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(labels)


def test_torchvision_mnist_is_read(tmp_path):
    write_mnist(tmp_path, 200)
    digits = open_images(f"torchvision:mnist:{tmp_path}", 32, limit=5)
    assert (tuple(digits.pictures.shape), len(digits.indices("test"))) == ((9, 3, 32, 32), 4)
    assert digits.pictures.unique().tolist() == [200]
    assert (digits.classes, digits.labels[digits.indices("test")].tolist()) == (tuple("012345"), [0, 1, 2, 3])


def test_torchvision_sets_are_decoded_once_until_their_files_change(tmp_path, monkeypatch):
    write_mnist(tmp_path, 200)
    squared, square = [], torchvision_sets._square
    monkeypatch.setattr(
        torchvision_sets, "_square", lambda picture, size: squared.append(size) or square(picture, size)
    )
    for grey, decoded in ((200, 10), (200, 10), (90, 20)):
        if grey != 200:
            write_mnist(tmp_path, grey)
        digits = open_images(f"torchvision:mnist:{tmp_path}", 32)
        assert (digits.pictures.unique().tolist(), len(squared)) == ([grey], decoded)
        assert digits.sha256() == load_torchvision(f"torchvision:mnist:{tmp_path}", 32).sha256()
        del squared[decoded:]
