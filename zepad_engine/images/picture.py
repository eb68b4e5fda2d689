"""Pictures, opened with suspicion: a dropped file with what was done to it, or the bytes of one picture of a set."""

from __future__ import annotations

import hashlib
import struct
import warnings
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps
from torch import Tensor

from zepad_engine.images.colour import as_rgb
from zepad_engine.images.picture_gate import (
    MOST_FRAMES,
    Gated,
    MeteredBytes,
    pass_gate,
    read_ordinary,
    require_size,
    too_large,
)
from zepad_engine.images.refusals import refusal
from zepad_engine.shown_names import shown_name

ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
SHOWN_SIDE: Final = 96

_ENDINGS_OF: Final = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
}
_LARGEST_EXIF: Final = 1024**2
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
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


class OpenedPicture(NamedTuple):
    """A picture as it is shown, as the encoder gets it, and what was done to it.

    Attributes:
        shown: uint8 (3, H, W), no side above 96: for a filmstrip.
        fed: its centre square, uint8 (3, size, size).
        notes: a sentence for each change that the user should know of.
        sha256: of the very bytes that were decoded, 64 hexadecimal characters.
    """

    shown: Tensor
    fed: Tensor
    notes: tuple[str, ...]
    sha256: str


def open_picture(path: Path, size: int) -> OpenedPicture:
    """Open a picture file; at most one reading of it, at most 600 MB beside what the process holds already.

    Raises:
        BadImage: the file is not a picture that can be read, with a code of ``refusals.REFUSALS``; nothing large
            was decoded to find out.
    """
    name = shown_name(path.name)
    content = read_ordinary(path, name)
    digest = hashlib.sha256(content).hexdigest()
    gated = pass_gate(content, name)
    notes: list[str] = []
    if path.suffix.lower() not in _ENDINGS_OF[gated.format]:
        notes.append(f"The file is a {gated.format}, whatever its name says.")
    stream = MeteredBytes(content, name)
    del content  # the stream holds the only reference, and lets go once the picture is decoded
    picture = _decoded(stream, gated, name, notes)
    shown = picture.resize(_shown_size(picture.size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if picture.width != picture.height:
        notes.append("Only its centre square goes to the encoder.")
    if min(picture.size) < size:
        notes.append(f"Enlarged from {picture.width}x{picture.height}; fine detail is missing.")
    fed = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return OpenedPicture(_tensor(shown), _tensor(fed), tuple(notes), digest)


def decode_picture(content: bytes, name: str, size: int) -> Tensor:
    """The bytes of a picture of a set as the encoder gets it: its upright centre square, uint8 (3, size, size).

    Raises:
        BadImage: the bytes are no picture that can be read.
    """
    name = shown_name(name)
    picture = _decoded(MeteredBytes(content, name), pass_gate(content, name), name, [])
    return _tensor(ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC))


def _decoded(stream: MeteredBytes, gated: Gated, name: str, notes: list[str]) -> Image.Image:
    """The first frame as an upright RGB picture at its own size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = _opened(stream, gated, name)
        require_size(picture.size, gated, name)
        try:
            _note_frames(picture, gated, notes)
            _note_depth(picture, notes)
            picture.load()
            turn = _turn(picture, notes)
            stream.close()
            if gated.format == "WEBP":
                # The frame alone: its decoder holds two canvases for as long as the picture lives.
                picture = picture.copy()
            upright = as_rgb(picture, name, notes)
            del picture
            return upright if turn is None else upright.transpose(turn)
        except _DAMAGE as trouble:
            raise refusal("image.damaged", name) from trouble


def _opened(stream: MeteredBytes, gated: Gated, name: str) -> Image.Image:
    try:
        return Image.open(stream, formats=(gated.format,))
    except Image.DecompressionBombError as trouble:
        raise too_large(gated, name) from trouble
    except _DAMAGE as trouble:
        raise refusal("image.damaged", name) from trouble


def _note_frames(picture: Image.Image, gated: Gated, notes: list[str]) -> None:
    frames = gated.frames or int(getattr(picture, "n_frames", 1))
    if frames > MOST_FRAMES:
        notes.append(f"The first of more than {MOST_FRAMES:,} frames.")
    elif frames > 1:
        notes.append(f"The first of {frames} frames.")


def _note_depth(picture: Image.Image, notes: list[str]) -> None:
    """Pillow keeps the high byte of colours with 16 bits; only what it is about to decode tells."""
    if not picture.mode.startswith("I") and any(";16" in str(tile[3]) for tile in getattr(picture, "tile", ())[:1]):
        notes.append("16 bits a channel, brought to 8.")


def _turn(picture: Image.Image, notes: list[str]) -> Image.Transpose | None:
    """How the camera was held; a picture whose EXIF cannot be read stays as it is."""
    try:
        if len(picture.info.get("exif", b"")) > _LARGEST_EXIF:
            raise ValueError
        turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except _DAMAGE:
        notes.append("Its EXIF data cannot be read, so it was not turned.")
        return None
    if turn is not None:
        notes.append("Turned upright as the camera recorded.")
    return turn


def _shown_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, SHOWN_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture, dtype=np.uint8).transpose(2, 0, 1).copy())
