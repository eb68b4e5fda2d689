"""What the page is shown lies in a folder that does not grow; what takes a while is made once."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from PIL import Image

from zepad_engine.errors import NoSpace
from zepad_engine.inspection.recent import Recent
from zepad_engine.inspection.shelf import Shelf


def test_the_ones_used_longest_ago_make_room(tmp_path):
    shelf = Shelf(tmp_path, most=3, look_every=1)
    for number in range(3):
        os.utime(shelf.keep(f"{number}", b"x"), ns=(number, number))
    assert shelf.find("0") == tmp_path / "0"
    assert shelf.find("gone") is None
    shelf.keep("3", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"0", "2", "3"}


def test_it_never_holds_many_more_than_it_may(tmp_path):
    shelf = Shelf(tmp_path, most=10, look_every=4)
    for number in range(50):
        shelf.keep(f"{number}", b"x")
        assert len(list(tmp_path.iterdir())) <= 14


def test_a_picture_comes_back_pixel_by_pixel_and_is_stored_once(tmp_path):
    shelf = Shelf(tmp_path, most=3)
    pixels = torch.randint(0, 256, (3, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    path = shelf.picture(pixels / 255)
    with Image.open(path) as stored:
        assert (np.asarray(stored) == pixels.permute(1, 2, 0).numpy()).all()
    assert shelf.picture(pixels / 255) == path
    assert shelf.picture(1 - pixels / 255) != path


def test_values_come_back_as_they_were(tmp_path):
    values = torch.rand(4, 4, dtype=torch.float64)
    stored = np.load(Shelf(tmp_path, most=3).values(values))
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(stored, values.float().numpy())


@pytest.mark.parametrize(("shape", "size"), [((3, 300, 150), (48, 96)), ((3, 20, 30), (30, 20))])
def test_a_thumbnail_is_small_and_never_enlarged(tmp_path, shape, size):
    picture = torch.full(shape, 200, dtype=torch.uint8)
    with Image.open(Shelf(tmp_path, most=3).thumbnail(picture, 96)) as stored:
        assert stored.size == size


def test_a_disk_that_refuses_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((NoSpace, NotADirectoryError, FileExistsError)):
        Shelf(tmp_path / "file", most=3).keep("a", b"x")


def test_recent_things_are_made_once_and_the_oldest_go():
    made = []
    recent = Recent(2)

    def ask(key):
        return recent.get(key, lambda: made.append(key) or key.upper())

    assert [ask(key) for key in "abab"] == ["A", "B", "A", "B"]
    assert ask("a") == "A"
    assert ask("c") == "C"
    assert (ask("a"), ask("b")) == ("A", "B")
    assert made == ["a", "b", "c", "b"]
