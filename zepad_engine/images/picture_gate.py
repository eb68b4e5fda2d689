"""The gate before the decoders: one reading of an ordinary file, its format by its bytes, and no traps in it.

Pillow's own limits stop pictures that claim too many pixels. What it lets through is stopped here: files whose
structure, not their size, costs minutes or gigabytes (measured with Pillow 13: a 7 MB TIFF with one tile of 1.6
gigapixels took 1.5 GB; a TIFF of 300,000 directories did not end; a JPEG of 1,000 scans took a second per 3 Mpx).
"""

from __future__ import annotations

import io
import os
import stat
import struct
from pathlib import Path
from typing import Final, NamedTuple

from zepad_engine.errors import BadImage
from zepad_engine.images.refusals import refusal

LARGEST_FILE: Final = 200 * 1024**2
MOST_FRAMES: Final = 10_000
MOST_PIXELS: Final = 50_000_000
# libwebp keeps two canvases and Pillow copies the frame twice more, so the same memory holds half as many pixels.
MOST_WEBP_PIXELS: Final = 25_000_000
LONGEST_SIDE: Final = 30_000
SHORTEST_SIDE: Final = 8

_MOST_SCANS: Final = 500
_MOST_SCANNED: Final = 1_500_000_000
_MOST_EXIF_SEGMENTS: Final = 16
_MOST_VALUES: Final = 400_000
_LONGEST_GIF_HEAD: Final = 1024**2
_MAGICS: Final = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    *((magic, "TIFF") for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
_OTHERS: Final = (
    (b"8BPS", "a Photoshop file"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"%PDF", "a PDF document"),
    (b"SIMPLE  =", "a FITS file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xffO\xffQ", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\1\0", "an icon file"),
    (b"gimp xcf", "a GIMP file"),
    (b"v/1\1", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance picture"),
    (b"PK\3\4", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
)
_PHOTO_BRANDS: Final = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1"}
_VIDEO_BRANDS: Final = {b"isom", b"mp41", b"mp42", b"M4V ", b"qt  ", b"iso5", b"iso6"}


class Gated(NamedTuple):
    """What the gate found: the format Pillow is to use, its frames (0 where Pillow says), the scans of a JPEG."""

    format: str
    frames: int = 0
    scans: int = 0


class MeteredBytes(io.BytesIO):
    """A file in memory that counts how often it is asked.

    Pillow walks a file's blocks in Python, a few reads each; whole files need one read per 128 bytes at most, so
    one that needs many more consists of empty blocks.
    """

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self._name = name
        self._left = _most_blocks(content)

    def read(self, size: int | None = -1, /) -> bytes:
        """As BytesIO.

        Raises:
            BadImage: image.bomb, asked too often.
        """
        self._left -= 1
        if self._left < 0:
            raise refusal("image.bomb", self._name)
        return super().read(size)


def read_ordinary(path: Path, name: str) -> bytes:
    """The whole of a regular file, opened once and without waiting: a pipe or a device must not hang the engine.

    Raises:
        BadImage: image.missing, unreadable, not_ordinary, empty or heavy.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            _require_ordinary(os.fstat(stream.fileno()), name)
            content = stream.read(LARGEST_FILE + 1)
    except IsADirectoryError as trouble:
        raise refusal("image.not_ordinary", name) from trouble
    except FileNotFoundError as trouble:
        raise refusal("image.missing", name) from trouble
    except (OSError, ValueError) as trouble:
        if path.is_dir():  # Windows says of a folder only that it may not be opened
            raise refusal("image.not_ordinary", name) from trouble
        reason = getattr(trouble, "strerror", None) or "its name is not valid"
        raise refusal("image.unreadable", name, reason=reason.lower()) from trouble
    if len(content) > LARGEST_FILE:
        raise refusal("image.heavy", name, megabytes=LARGEST_FILE // 1024**2)
    return content


def _require_ordinary(found: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise refusal("image.not_ordinary", name)
    if found.st_size == 0:
        raise refusal("image.empty", name)
    if found.st_size > LARGEST_FILE:
        raise refusal("image.heavy", name, megabytes=LARGEST_FILE // 1024**2)


def pass_gate(content: bytes, name: str) -> Gated:
    """The format of these bytes, unless it is not admitted or holds a trap; takes milliseconds.

    Raises:
        BadImage: image.empty, unknown_format, svg, heic, other_format or bomb.
    """
    if not content:
        raise refusal("image.empty", name)
    found = next((kind for magic, kind in _MAGICS if content.startswith(magic)), "")
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        found = "WEBP"
    if not found:
        raise _other(content[:1024], name)
    try:
        return _STRUCTURES[found](content, name) if found in _STRUCTURES else Gated(found)
    except (struct.error, IndexError, ValueError, OverflowError) as trouble:
        raise refusal("image.damaged", name) from trouble


def require_size(size: tuple[int, int], gated: Gated, name: str) -> None:
    """Refuse what is too large, too small or too long to decode, by what its header says.

    Raises:
        BadImage: image.too_large, too_small or bomb.
    """
    width, height = size
    if width * height > _most_pixels(gated) or max(size) > LONGEST_SIDE:
        raise too_large(gated, name)
    if min(size) < SHORTEST_SIDE:
        raise refusal("image.too_small", name, width=width, height=height, side=SHORTEST_SIDE)
    if gated.scans * width * height > _MOST_SCANNED:
        raise refusal("image.bomb", name)


def too_large(gated: Gated, name: str) -> BadImage:
    """The refusal of a picture with more pixels than its format may have."""
    return refusal("image.too_large", name, megapixels=_most_pixels(gated) // 1_000_000, side=LONGEST_SIDE)


def _most_pixels(gated: Gated) -> int:
    return MOST_WEBP_PIXELS if gated.format == "WEBP" else MOST_PIXELS


def _other(head: bytes, name: str) -> BadImage:
    """The refusal of a file that is none of the formats, by its first bytes."""
    if b"<svg" in head.lower() or name.lower().endswith((".svg", ".svgz")):
        return refusal("image.svg", name)
    if head[4:8] == b"ftyp":
        return _of_boxes(head[8:12], name)
    what = next((what for magic, what in _OTHERS if head.startswith(magic)), "")
    return refusal("image.other_format", name, what=what) if what else refusal("image.unknown_format", name)


def _of_boxes(brand: bytes, name: str) -> BadImage:
    if brand in _PHOTO_BRANDS or name.lower().endswith((".heic", ".heif")):
        return refusal("image.heic", name)
    if brand in {b"avif", b"avis"}:
        return refusal("image.other_format", name, what="an AVIF picture")
    if brand in _VIDEO_BRANDS:
        return refusal("image.other_format", name, what="a video")
    return refusal("image.unknown_format", name)


def _jpeg(content: bytes, name: str) -> Gated:
    """Its scans: each of a progressive JPEG walks all its blocks; in compressed data FF is never followed by DA."""
    scans = content.count(b"\xff\xda")
    if scans > _MOST_SCANS or content.count(b"Exif\0\0") > _MOST_EXIF_SEGMENTS:
        raise refusal("image.bomb", name)
    return Gated("JPEG", scans=scans)


def _gif(content: bytes, name: str) -> Gated:
    """Its images, counted as far as ``MOST_FRAMES`` + 1 or to where the file breaks off."""
    at, frames = 13 + _table(content[10]), 0
    blocks = _most_blocks(content)
    while at < len(content) and content[at] in b"!," and frames <= MOST_FRAMES:
        image = content[at] == 0x2C
        frames += image
        at += 11 + _table(content[at + 9]) if image else 2
        while at < len(content) and content[at] and blocks:
            at += content[at] + 1
            blocks -= 1
        # Pillow joins the comments before the first image one by one, in quadratic time.
        if not blocks or (not frames and at > _LONGEST_GIF_HEAD):
            raise refusal("image.bomb", name)
        at += 1
    return Gated("GIF", frames=frames)


def _most_blocks(content: bytes) -> int:
    """How many blocks a file may have: whole ones have at least 128 bytes each, small ones may be as they like."""
    return 20_000 + len(content) // 64


def _table(flags: int) -> int:
    """The length in bytes of the colour table that a GIF's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(content: bytes, name: str) -> Gated:
    """Only that its chunks are not too many: libwebp keeps a record of each, whatever it is."""
    at, chunks = 12, _most_blocks(content) // 4
    while at + 8 <= len(content):
        at += 8 + int.from_bytes(content[at + 4 : at + 8], "little") + 1 & ~1
        chunks -= 1
        if not chunks:
            raise refusal("image.bomb", name)
    return Gated("WEBP")


def _tiff(content: bytes, name: str) -> Gated:
    """Its directories, counted as far as ``MOST_FRAMES`` + 1; the first one must hold no traps."""
    order = "<" if content[:2] == b"II" else ">"
    big = content[2:4] in (b"+\0", b"\0+")
    head, count, place, entry = (8, "Q", "Q", 20) if big else (4, "H", "I", 12)
    (at,) = struct.unpack_from(order + place, content, head)
    seen: set[int] = set()
    while at and at not in seen and at < len(content) and len(seen) <= MOST_FRAMES:
        seen.add(at)
        (entries,) = struct.unpack_from(order + count, content, at)
        first = at + struct.calcsize(order + count)
        if entries * entry > len(content):
            break
        if len(seen) == 1:
            _check_directory(content, name, [first + entry * number for number in range(entries)], order, big)
        (at,) = struct.unpack_from(order + place, content, first + entry * entries)
    return Gated("TIFF", frames=len(seen))


def _check_directory(content: bytes, name: str, places: list[int], order: str, big: bool) -> None:
    """No array that would become millions of Python numbers, no tile larger than any picture admitted."""
    tile = {322: 1, 323: 1}
    for place in places:
        tag, kind, values = struct.unpack_from(order + ("HHQ" if big else "HHI"), content, place)
        if values > _MOST_VALUES and kind not in (1, 2, 6, 7):
            raise refusal("image.bomb", name)
        if tag in tile:
            form = "H" if kind == 3 else "I"
            (tile[tag],) = struct.unpack_from(order + form, content, place + (12 if big else 8))
    if tile[322] * tile[323] > MOST_PIXELS:
        raise refusal("image.bomb", name)


_STRUCTURES: Final = {"JPEG": _jpeg, "GIF": _gif, "WEBP": _webp, "TIFF": _tiff}
