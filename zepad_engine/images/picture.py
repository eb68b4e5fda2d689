"""Pictures, opened with suspicion: a dropped file with what was done to it, or the bytes of one picture of a set."""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from zepad_engine.errors import BadImage

FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 30_000
SHORTEST_SIDE: Final = 8
SHOWN_SIDE: Final = 1024

_ADVICE: Final = "Use a PNG, JPEG, WebP, BMP, TIFF or GIF file."
_SAVE_AGAIN: Final = "Open it in an image editor and save it again as PNG."
_WITH_ALPHA: Final = {"LA", "La", "PA", "RGBA", "RGBa"}
_PHOTO_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# What Pillow's decoders are known to raise on files that are cut short or made to confuse them.
_DAMAGE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    struct.error,
    zlib.error,
)


def open_picture(path: Path, size: int) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """A picture file as it is shown, as the encoder gets it, and what was done to it.

    Returns:
        The picture, uint8 (3, H, W) with no side above 1024; its centre square, uint8 (3, size, size);
        and a sentence for each change that the user should know of.

    Raises:
        BadImage: the file is not a picture that can be read; nothing large was decoded to find out.
    """
    name = _shown_name(path)
    notes: list[str] = []
    with _regular_file(path, name) as stream:
        picture = _decoded(stream, name, notes)
    shown = picture.copy()
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    if picture.width != picture.height:
        notes.append("Only its centre square goes to the encoder.")
    if min(picture.size) < size:
        notes.append(f"Enlarged from {picture.width}x{picture.height}; fine detail is missing.")
    fed = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return _tensor(shown), _tensor(fed), tuple(notes)


def decode_picture(content: bytes, name: str, size: int) -> Tensor:
    """The bytes of a picture of a set as the encoder gets it: its upright centre square, uint8 (3, size, size).

    Raises:
        BadImage: the bytes are no picture that can be read.
    """
    picture = _decoded(io.BytesIO(content), name, [])
    return _tensor(ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC))


@contextmanager
def _regular_file(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open without waiting, then look at what was opened: a pipe or a device must not hang the engine."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        stream = os.fdopen(os.open(path, flags), "rb")
    except (OSError, ValueError) as trouble:
        reason = getattr(trouble, "strerror", None) or "its name is not valid"
        raise BadImage(
            f"{name} cannot be opened: {reason.lower()}.", "Choose a picture file that you may read."
        ) from trouble
    with stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BadImage(f"{name} is not a regular file.", "Choose a picture file, not a folder, pipe or device.")
        if found.st_size == 0:
            raise BadImage(f"{name} is empty.", "Copy it again from where it came from.")
        yield stream


def _decoded(stream: IO[bytes], name: str, notes: list[str]) -> Image.Image:
    """The first frame as an upright RGB picture at its own size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = _opened(stream, name)
        _require_size(picture, name)
        try:
            _note_frames(picture, notes)
            picture.load()
            return _as_rgb(_upright(picture, notes), name, notes)
        except _DAMAGE as trouble:
            raise BadImage(f"{name} is damaged or incomplete.", _SAVE_AGAIN) from trouble


def _opened(stream: IO[bytes], name: str) -> Image.Image:
    try:
        return Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError as trouble:
        raise _too_large(name) from trouble
    except UnidentifiedImageError as trouble:
        raise _unknown(stream, name) from trouble
    except _DAMAGE as trouble:
        raise BadImage(f"{name} is damaged or incomplete.", _SAVE_AGAIN) from trouble


def _require_size(picture: Image.Image, name: str) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise _too_large(name)
    if min(width, height) < SHORTEST_SIDE:
        raise BadImage(
            f"{name} is only {width}x{height} pixels.", f"Choose a picture of at least {SHORTEST_SIDE} pixels a side."
        )


def _too_large(name: str) -> BadImage:
    return BadImage(
        f"{name} is larger than {MOST_PIXELS // 1_000_000} megapixels or {LONGEST_SIDE:,} pixels a side.",
        "Make a smaller copy of it.",
    )


def _unknown(stream: IO[bytes], name: str) -> BadImage:
    """The refusal of a file that is none of the formats, by its first bytes."""
    stream.seek(0)
    head = stream.read(1024)
    if b"<svg" in head.lower() or name.lower().endswith((".svg", ".svgz")):
        return BadImage(f"{name} is an SVG drawing, which has no pixels.", "Export it as PNG first.")
    if head[4:8] == b"ftyp" and (head[8:12] in _PHOTO_BRANDS or name.lower().endswith((".heic", ".heif"))):
        return BadImage(f"{name} is a HEIC photograph, which cannot be read here.", "Export it as JPEG or PNG first.")
    return BadImage(f"{name} is not a picture that can be read.", _ADVICE)


def _note_frames(picture: Image.Image, notes: list[str]) -> None:
    frames = int(getattr(picture, "n_frames", 1))
    if frames > 1:
        picture.seek(0)
        notes.append(f"The first of {frames} frames.")


def _upright(picture: Image.Image, notes: list[str]) -> Image.Image:
    """Turned as the camera recorded; a picture whose EXIF cannot be read stays as it is."""
    try:
        if picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9):
            turned = ImageOps.exif_transpose(picture)
            notes.append("Turned upright as the camera recorded.")
            return turned
    except _DAMAGE:
        notes.append("Its EXIF data cannot be read, so it was not turned.")
    return picture


def _as_rgb(picture: Image.Image, name: str, notes: list[str]) -> Image.Image:
    """Any colour mode as RGB, transparent parts on white."""
    if picture.mode == "F":
        raise BadImage(f"{name} has floating-point pixels, whose range is unknown.", "Save it with 8 bits a channel.")
    if picture.mode.startswith("I"):
        return _from_deep_grey(picture, notes).convert("RGB")
    if picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        return _on_white(picture.convert("RGBA"), notes)
    if picture.mode == "CMYK":
        notes.append("Print colours (CMYK), converted to RGB without a colour profile.")
    return picture.convert("RGB")


def _from_deep_grey(picture: Image.Image, notes: list[str]) -> Image.Image:
    """Grey of 0 to 65535 as 8 bits; 32-bit files that use only 0 to 255 keep their values."""
    values = np.clip(np.asarray(picture).astype(np.int64), 0, 65535)
    if picture.mode == "I" and values.max(initial=0) <= 255:
        return Image.fromarray(values.astype(np.uint8))
    notes.append("16-bit grey, brought to 8 bits.")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _on_white(picture: Image.Image, notes: list[str]) -> Image.Image:
    lowest, _ = picture.getchannel("A").getextrema()
    if lowest == 255:
        return picture.convert("RGB")
    notes.append("Transparent parts are shown on white.")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture, dtype=np.uint8).transpose(2, 0, 1).copy())


def _shown_name(path: Path) -> str:
    """The file's name with anything that is not text replaced."""
    return os.fsencode(path.name).decode("utf-8", "replace")
