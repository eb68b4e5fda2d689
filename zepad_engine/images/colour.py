"""Any colour mode as RGB with 8 bits a channel: depth scaled, transparency on white, profiles brought to sRGB."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageCms, features

from zepad_engine.images.refusals import refusal

# Pixels converted at a time: beside the source and the result only this much is copied.
_BAND: Final = 2_000_000
_LARGEST_PROFILE: Final = 4 * 1024**2
# A profile that moves no colour further than this (of 255) is sRGB in all but name.
_SAME: Final = 3
_WITH_ALPHA: Final = {"LA", "La", "PA", "RGBA", "RGBa"}
_SPACES: Final = {"RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK", "L": "GRAY"}

_Convert = Callable[[Image.Image], Image.Image]


def as_rgb(picture: Image.Image, name: str, notes: list[str]) -> Image.Image:
    """The picture in mode RGB at its own size; a note for each change that the user should know of.

    Raises:
        BadImage: image.float_pixels or deep_pixels.
    """
    if picture.mode == "F":
        raise refusal("image.float_pixels", name)
    if picture.mode.startswith("I"):
        return _in_bands(picture, _deep_grey(picture, name, notes))
    mode = _plain_mode(picture)
    to_srgb = _profile(picture, mode, notes)
    if mode == "RGBA":
        return _on_white(picture, to_srgb, notes)
    if picture.mode == "CMYK" and to_srgb is None:
        notes.append("Print colours (CMYK), converted to RGB without a colour profile.")
    if to_srgb is None:
        return picture if picture.mode == "RGB" else _in_bands(picture, lambda part: part.convert("RGB"))
    return _in_bands(picture, lambda part: _moved(part.convert(mode), to_srgb))


def _plain_mode(picture: Image.Image) -> str:
    """The mode in which profile and transparency apply."""
    if picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        return "RGBA"
    return picture.mode if picture.mode in ("L", "CMYK") else "RGB"


def _in_bands(picture: Image.Image, convert: _Convert) -> Image.Image:
    """``convert`` applied to some rows at a time, so that no third copy of a large picture is made."""
    whole = Image.new("RGB", picture.size)
    rows = max(1, _BAND // picture.width)
    for top in range(0, picture.height, rows):
        part = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        whole.paste(convert(part), (0, top))
    return whole


def _deep_grey(picture: Image.Image, name: str, notes: list[str]) -> _Convert:
    """Grey of 0 to 65535 as 8 bits, the transparent value as white; 32-bit files of 0 to 255 keep their values."""
    lowest, highest = _range(picture)
    if lowest < 0 or highest > 65535:
        raise refusal("image.deep_pixels", name)
    few = picture.mode == "I" and highest <= 255
    clear = picture.info.get("transparency")
    if not few:
        notes.append("16-bit grey, brought to 8 bits.")
    if clear is not None:
        notes.append("Transparent parts are shown on white.")

    def convert(part: Image.Image) -> Image.Image:
        values = np.asarray(part).astype(np.int64)
        bytes_ = values if few else (values + 128) // 257
        return Image.fromarray(np.where(values == clear, 255, bytes_).astype(np.uint8)).convert("RGB")

    return convert


def _range(picture: Image.Image) -> tuple[int, int]:
    rows = max(1, _BAND // picture.width)
    lowest, highest = 0, 0
    for top in range(0, picture.height, rows):
        part = np.asarray(picture.crop((0, top, picture.width, min(top + rows, picture.height))))
        lowest, highest = min(lowest, int(part.min())), max(highest, int(part.max()))
    return lowest, highest


def _on_white(picture: Image.Image, to_srgb: ImageCms.ImageCmsTransform | None, notes: list[str]) -> Image.Image:
    clear = False

    def convert(part: Image.Image) -> Image.Image:
        nonlocal clear
        part = part.convert("RGBA")
        lowest, _ = part.getchannel("A").getextrema()
        colours = _moved(part.convert("RGB"), to_srgb)
        if lowest == 255:
            return colours
        clear = True
        white = Image.new("RGB", part.size, "white")
        white.paste(colours, mask=part.getchannel("A"))
        return white

    made = _in_bands(picture, convert)
    if clear:
        notes.append("Transparent parts are shown on white.")
    return made


def _moved(part: Image.Image, to_srgb: ImageCms.ImageCmsTransform | None) -> Image.Image:
    if to_srgb is None:
        return part
    moved = ImageCms.applyTransform(part, to_srgb)
    assert moved is not None  # only with inPlace
    return moved


def _profile(picture: Image.Image, mode: str, notes: list[str]) -> ImageCms.ImageCmsTransform | None:
    """The way from the picture's colour profile to sRGB; None without one, or where it is sRGB already."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return None
    found = _transform(profile, mode) if len(profile) <= _LARGEST_PROFILE else None
    if found is None:
        notes.append("Its colour profile cannot be used and was ignored.")
        return None
    to_srgb, differs = found
    if not differs:
        return None
    notes.append("Converted from its own colour profile to sRGB.")
    return to_srgb


@lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> tuple[ImageCms.ImageCmsTransform, bool] | None:
    """The transform and whether it changes anything; None for a profile that is broken or of other colours."""
    if not features.check("littlecms2"):
        return None
    source = "RGB" if mode == "RGBA" else mode
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        made = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), source, "RGB")
        return made, _differs(made, source)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError, MemoryError):
        return None


def _differs(to_srgb: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether colours all over the cube end elsewhere than without the profile."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    bands = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    colours = np.stack(np.meshgrid(*[steps] * bands), axis=-1).reshape(1, -1, bands)
    probe = Image.fromarray(colours[..., 0] if bands == 1 else colours, mode if bands == 4 else None)
    plain = np.asarray(probe.convert("RGB")).astype(int)
    return bool(np.abs(np.asarray(_moved(probe, to_srgb)).astype(int) - plain).max() > _SAME)
