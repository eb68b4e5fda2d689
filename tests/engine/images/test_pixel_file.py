"""Pictures in a file: what was appended comes back, wherever it had to go."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import pytest
import torch

from zepad_engine.images import pixel_file
from zepad_engine.images.pixel_file import PixelFile, map_pixels

PICTURES = torch.randint(0, 256, (40, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def written(folder: Path | None) -> tuple[PixelFile, torch.Tensor]:
    """One picture, then one, then all the others at once."""
    with PixelFile(16, folder) as pixels:
        pixels.append(PICTURES[0])
        pixels.append(PICTURES[1])
        pixels.append(PICTURES[2:])
        return pixels, pixels.mapped()


@pytest.fixture
def full_disk(monkeypatch):
    monkeypatch.setattr(pixel_file, "free_bytes", lambda _folder: pixel_file.SPARE_BYTES - 1)


def test_what_was_appended_comes_back_in_order(tmp_path):
    pixels, found = written(tmp_path / "new")
    assert torch.equal(found, PICTURES)
    assert pixels.count == 40
    assert pixels.path.read_bytes() == PICTURES.numpy().tobytes()
    assert torch.equal(map_pixels(pixels.path, (40, 3, 16, 16)), PICTURES)


def test_without_a_folder_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_file.tempfile, "tempdir", str(tmp_path))
    pixels, found = written(None)
    assert torch.equal(found, PICTURES)
    assert pixels.path is None
    assert list(tmp_path.iterdir()) == []


def test_a_write_to_the_tensor_never_reaches_the_file(tmp_path):
    pixels, found = written(tmp_path)
    found += 1
    stored = map_pixels(pixels.path, (40, 3, 16, 16))
    stored.zero_()
    assert pixels.path.read_bytes() == PICTURES.numpy().tobytes()


def test_a_folder_that_cannot_be_written_is_left_for_a_temporary_file(tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    pixels, found = written(tmp_path / "taken")
    assert torch.equal(found, PICTURES)
    assert pixels.path is None


def test_a_full_disk_is_left_for_memory(tmp_path, full_disk, monkeypatch):
    monkeypatch.setattr(pixel_file.tempfile, "TemporaryFile", None)
    _, found = written(tmp_path)
    assert torch.equal(found, PICTURES)
    assert list(tmp_path.iterdir()) == []


class Filling(io.FileIO):
    """A file on a disk that is full after 10,000 bytes, in the middle of the 14th picture."""

    def write(self, content) -> int:
        free = 10_000 - self.tell()
        if free <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content[:free])


def test_a_disk_that_fills_up_loses_nothing(tmp_path, monkeypatch):
    place = tmp_path / "filling"
    monkeypatch.setattr(pixel_file, "_named", lambda _folder: (Filling(place, "w+"), place))
    pixels, found = written(tmp_path)
    assert torch.equal(found, PICTURES)
    assert pixels.path is None
    assert not place.exists()


def test_the_disk_is_looked_at_while_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_file, "_LOOK_EVERY", PICTURES[0].numel() * 10)
    free = iter([pixel_file.SPARE_BYTES] * 2)
    monkeypatch.setattr(pixel_file, "free_bytes", lambda _folder: next(free, 0))
    asked = []
    with PixelFile(16, tmp_path, lambda: asked.append(len(asked))) as pixels:
        for picture in PICTURES:
            pixels.append(picture)
        found = pixels.mapped()
    assert torch.equal(found, PICTURES)
    assert asked == [0, 1, 2, 3]
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_between_leaves_no_file(tmp_path):
    with PixelFile(16, tmp_path) as pixels:
        pixels.append(PICTURES)
        assert len(list(tmp_path.iterdir())) == 1
        pixels.__exit__(KeyError)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_length_is_refused(tmp_path):
    pixels, _ = written(tmp_path)
    with pytest.raises(OSError, match="not as long"):
        map_pixels(pixels.path, (41, 3, 16, 16))


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory there is")
def test_a_file_larger_than_memory_is_mapped(tmp_path):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    swap = sum(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if "SwapTotal" in line)
    count = 2 * (memory + 1024 * swap) // (3 * 64 * 64)
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(count * 3 * 64 * 64)
    assert map_pixels(tmp_path / "sparse", (count, 3, 64, 64))[-1].sum() == 0
