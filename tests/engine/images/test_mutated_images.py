"""2,000 damaged copies of twelve pictures: each is opened whole or refused, none crashes, hangs or eats the memory."""

from __future__ import annotations

import os
import resource
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.support.forking import ChildFault, forked
from tests.support.image_bytes import deep, encoded, frames, noise, palette, profiled, turned
from zepad_engine.errors import BadImage
from zepad_engine.images import picture
from zepad_engine.images.picture import decode_picture, open_picture
from zepad_engine.images.refusals import REFUSALS

MUTANTS = 2004
SIDE = 16
LONGEST_SECONDS = 2.0
MOST_GROWTH = 600

SEEDS: dict[str, Callable[[], bytes]] = {
    "png": lambda: encoded(noise(16)),
    "png palette": lambda: palette(transparency=b"\xff\x80"),
    "png deep": lambda: deep(40_000),
    "png moving": lambda: frames("PNG", 3),
    "png profile": profiled,
    "jpeg": lambda: encoded(noise(16), "JPEG"),
    "jpeg turned": lambda: turned(6),
    "jpeg progressive": lambda: encoded(noise(16).convert("CMYK"), "JPEG", progressive=True),
    "webp": lambda: encoded(noise(16).convert("RGBA"), "WEBP", lossless=True),
    "gif": lambda: frames("GIF", 3),
    "tiff": lambda: encoded(noise(16), "TIFF", compression="tiff_lzw"),
    "bmp": lambda: encoded(noise(16), "BMP"),
}
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1", b"\x80\0\0\0")


def mutant(content: bytes, chance: np.random.Generator) -> bytes:
    """One to four changes: bytes replaced or flipped, extreme numbers, parts lost or doubled, an end cut.

    Half of the PNGs get their check sums right again, or no change would come past the first look.
    """
    made = bytearray(content)
    for _ in range(int(chance.integers(1, 5))):
        at, to = sorted(int(place) for place in chance.integers(0, len(made) + 1, 2))
        to = min(to, at + 64)
        match int(chance.integers(0, 8)):
            case 0 | 1 | 2:
                made[at : at + 1] = chance.bytes(1)
            case 3:
                made[at : at + 1] = bytes([made[at] ^ 1 << int(chance.integers(0, 8))]) if at < len(made) else b""
            case 4:
                made[at : at + 4] = _EXTREMES[int(chance.integers(0, len(_EXTREMES)))]
            case 5:
                del made[at:to]
            case 6:
                made[at:at] = made[at:to]
            case _:
                del made[max(at, len(made) * 3 // 4) :]
    return summed(bytes(made)) if chance.integers(0, 2) else bytes(made)


def summed(content: bytes) -> bytes:
    """A PNG with the check sum of each chunk put right, as far as its chunks can be followed."""
    if not content.startswith(b"\x89PNG"):
        return content
    made, at = bytearray(content), 8
    while at + 12 <= len(made):
        end = at + 8 + int.from_bytes(made[at : at + 4], "big")
        made[end : end + 4] = zlib.crc32(made[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(made)


def outcomes(name: str, count: int) -> tuple[int, int, float, float]:
    """In a child: how many were opened and refused, the longest time in seconds, the growth of memory in MB."""
    # Streams differ between pictures and never between runs.
    chance = np.random.default_rng([7, list(SEEDS).index(name)])
    content = SEEDS[name]()
    opened, refused, longest = 0, 0, 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        started = time.process_time()
        try:
            made = decode_picture(mutant(content, chance), name, SIDE)
        except BadImage as trouble:
            refused += trouble.code in REFUSALS
        else:
            assert (made.dtype, made.shape) == (torch.uint8, (3, SIDE, SIDE))
            opened += 1
        longest = max(longest, time.process_time() - started)
    return opened, refused, longest, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


@needs_fork
@pytest.mark.parametrize("name", SEEDS)
def test_mutants_are_opened_or_refused(name):
    count = MUTANTS // len(SEEDS)
    opened, refused, longest, grown = forked(lambda: outcomes(name, count), seconds=60)
    assert opened + refused == count
    assert min(opened, refused) >= 1
    assert longest < LONGEST_SECONDS
    assert grown < MOST_GROWTH


@needs_fork
def test_mutants_of_a_file_on_disk_keep_their_promises(tmp_path):
    """The way of a dropped file, with what is shown and said."""

    def open_all() -> int:
        chance, opened = np.random.default_rng(8), 0
        for number, (name, make) in enumerate(list(SEEDS.items()) * 8):
            path = tmp_path / f"{number}.{name.split()[0]}"
            path.write_bytes(mutant(make(), chance))
            try:
                found = open_picture(path, SIDE)
            except BadImage:
                continue
            opened += 1
            assert found.shown.dtype == torch.uint8
            assert max(found.shown.shape) <= picture.SHOWN_SIDE
            assert found.fed.shape == (3, SIDE, SIDE)
            assert all(note.endswith(".") for note in found.notes)
        return opened

    assert forked(open_all, seconds=60) >= 20


@needs_fork
def test_a_crash_and_a_hang_would_be_noticed():
    with pytest.raises(ChildFault, match="status"):
        forked(os.abort, seconds=5)
    with pytest.raises(ChildFault, match=r"nothing after 0\.2 s"):
        forked(lambda: time.sleep(5), seconds=0.2)
    with pytest.raises(ChildFault, match="ZeroDivisionError"):
        forked(lambda: 1 // 0, seconds=5)
