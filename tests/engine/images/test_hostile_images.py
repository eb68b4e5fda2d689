"""Every hostile picture is opened, or refused with its one named reason, at once and in little memory."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.support.forking import forked
from tests.support.hostile_images import CORPUS, Hostile
from tests.support.image_bytes import GREY, encoded, plain
from zepad_engine.errors import BadImage
from zepad_engine.images.picture import decode_picture, open_picture
from zepad_engine.images.refusals import REFUSALS
from zepad_engine.shown_names import LONGEST_SHOWN, shown_name

SIDE = 32
LONGEST_REFUSAL = 0.1
MOST_GROWTH_REFUSED = 50
MOST_GROWTH_OPENED = 600

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, links and such names are not for every system")
REFUSED = tuple(hostile for hostile in CORPUS if hostile.code)
OPENED = tuple(hostile for hostile in CORPUS if not hostile.code)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def name_of(hostile: Hostile) -> str:
    return f"{hostile.row}-{ascii(hostile.name)[-24:]}"


def test_all_26_rows_are_here():
    # 8 is the .eps of row 5; 22 and 23 are drops, and stand with the window's tests.
    assert {hostile.row for hostile in CORPUS} == {0, *range(1, 27)} - {8, 22, 23}
    assert {hostile.code for hostile in REFUSED} == set(REFUSALS)


@pytest.mark.parametrize("hostile", REFUSED, ids=name_of)
def test_refused_at_once_with_its_reason(tmp_path, hostile):
    path = hostile.lay(tmp_path)
    took = []
    # The quicker of two: other work on the core slows computing down too.
    for _ in range(2):
        started = time.process_time()
        with pytest.raises(BadImage) as caught:
            open_picture(path, SIDE)
        took.append(time.process_time() - started)
    assert caught.value.code == hostile.code
    assert shown_name(path.name) in caught.value.sentence
    assert caught.value.sentence.endswith(".")
    assert caught.value.advice.endswith(".")
    assert str(caught.value).isprintable()
    assert min(took) <= LONGEST_REFUSAL


@pytest.mark.parametrize("hostile", OPENED, ids=name_of)
def test_opened_with_everything_said(tmp_path, hostile):
    opened = open_picture(hostile.lay(tmp_path), SIDE)
    assert opened.notes == hostile.notes
    assert (opened.shown.dtype, opened.shown.shape) == (torch.uint8, (3, *reversed(hostile.size)))
    assert (opened.fed.dtype, opened.fed.shape) == (torch.uint8, (3, SIDE, SIDE))
    if hostile.colour is not None:
        wanted = torch.tensor(hostile.colour)[:, None, None]
        assert int((opened.fed.int() - wanted).abs().max()) <= hostile.near


def test_a_set_s_picture_goes_through_the_same_gate(tmp_path):
    for hostile in CORPUS:
        if not hostile.special and hostile.code:
            with pytest.raises(BadImage) as caught:
                decode_picture(hostile.make(), hostile.name, SIDE)
            assert caught.value.code == hostile.code


@pytest.mark.parametrize("turn", range(1, 9))
def test_each_way_a_camera_is_held(tmp_path, turn):
    """The red half lies where the EXIF standard says the stored left side belongs."""
    path = next(hostile for hostile in CORPUS if hostile.name == f"turn_{turn}.jpg").lay(tmp_path)
    shown = open_picture(path, SIDE).shown.int()
    left, right = shown[0, :, :8].float().mean(), shown[0, :, -8:].float().mean()
    top, bottom = shown[0, :8].float().mean(), shown[0, -8:].float().mean()
    found = {"left": left - right, "right": right - left, "top": top - bottom, "bottom": bottom - top}
    red = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}[turn]
    assert max(found, key=lambda side: float(found[side])) == red


def test_the_digest_is_of_the_bytes_that_were_decoded(tmp_path):
    path = tmp_path / "first.png"
    path.write_bytes(encoded(plain()))
    before = open_picture(path, SIDE)
    assert before.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(encoded(plain(colour=(0, 0, 0))))
    after = open_picture(path, SIDE)
    assert after.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != before.sha256
    assert (int(before.fed.max()), int(after.fed.max())) == (GREY[0], 0)


def test_a_file_replaced_while_it_is_read_is_judged_as_first_seen(tmp_path, monkeypatch):
    path = tmp_path / "swapped.png"
    path.write_bytes(encoded(plain()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    real = Image.open

    def swapped(*args, **kwargs):
        path.write_bytes(b"something else")
        return real(*args, **kwargs)

    monkeypatch.setattr(Image, "open", swapped)
    opened = open_picture(path, SIDE)
    assert opened.sha256 == digest
    assert int(opened.fed.max()) == GREY[0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("owl.png", "owl.png"),
        ("Käuzchen 🦉.png", "Käuzchen 🦉.png"),
        ("two\nlines\x00.png", "two\ufffdlines\ufffd.png"),
        ("safe\u202egnp.exe", "safe\ufffdgnp.exe"),
        ("a\u200bb\ufeff\u2028.png", "a\ufffdb\ufffd\ufffd.png"),
        ("\udcff.png", "\ufffd.png"),
        ("x" * 196 + ".png", "x" * 39 + "…" + "x" * 16 + ".png"),
        ("", "a file without a name"),
    ],
)
def test_names_are_shown_on_one_line_and_in_full_view(name, shown):
    assert shown_name(name) == shown
    assert len(shown) <= LONGEST_SHOWN
    assert shown.isprintable()


def growth_of(path: Path) -> tuple[str, float]:
    """In a child: what came of a file, and by how many megabytes the process grew on the way."""

    def status(field: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))

    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    try:
        open_picture(path, SIDE)
    except BadImage as trouble:
        return trouble.code, status("VmHWM") - before
    return "", status("VmHWM") - before


@linux
def test_refusing_takes_little_memory(tmp_path):
    (tmp_path / "warm.png").write_bytes(encoded(plain()))
    open_picture(tmp_path / "warm.png", SIDE)
    for hostile in REFUSED:
        code, grown = forked(lambda hostile=hostile: growth_of(hostile.lay(tmp_path)), seconds=20)
        assert (code, grown < MOST_GROWTH_REFUSED) == (hostile.code, True), (hostile.name, grown)


def write_largest(path: Path, kind: str, mode: str, side: int) -> None:
    options = {"PNG": {"compress_level": 1}, "JPEG": {"progressive": True}, "WEBP": {"lossless": True, "quality": 0}}
    colour = {"RGBA": (9, 99, 199, 99), "CMYK": (9, 99, 199, 9)}[mode]
    Image.new(mode, (side, side), colour).save(path, kind, **options[kind])


@linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "mode", "side"), [("PNG", "RGBA", 7070), ("JPEG", "CMYK", 7070), ("WEBP", "RGBA", 5000)]
)
def test_the_largest_pictures_admitted_stay_within_600_megabytes(tmp_path, kind, mode, side):
    path = tmp_path / f"largest.{kind.lower()}"
    forked(lambda: write_largest(path, kind, mode, side), seconds=60)
    code, grown = forked(lambda: growth_of(path), seconds=60)
    assert code == ""
    assert side * side * 3 / 2**20 < grown < MOST_GROWTH_OPENED
