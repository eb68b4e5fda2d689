"""The bytes of one picture of a set as a square uint8 tensor; quick, for many thousand small pictures."""

from __future__ import annotations

import io
import warnings
from typing import Final

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from zepad_engine.errors import BadImage

FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
MOST_PIXELS: Final = 50_000_000

_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError, RuntimeError, TypeError)


def decode_picture(content: bytes, name: str, size: int) -> Tensor:
    """Decode a picture to uint8 (3, size, size).

    It is turned as its EXIF says, made RGB with alpha on white, its short side resized and its centre cropped.

    Raises:
        BadImage: the bytes are no picture of a known format, are damaged, or hold more than 50 megapixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                _require_bearable(opened, name)
                square = _square(_rgb(ImageOps.exif_transpose(opened)), size)
    except (*_DAMAGE, Image.DecompressionBombError) as trouble:
        raise BadImage(f"The picture {name} cannot be read.", "Use PNG, JPEG, WebP, BMP, TIFF or GIF.") from trouble
    return torch.from_numpy(np.array(square, dtype=np.uint8)).permute(2, 0, 1).contiguous()


def _require_bearable(picture: Image.Image, name: str) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        millions = picture.width * picture.height / 1e6
        raise BadImage(f"The picture {name} holds {millions:.0f} megapixels.", "At most 50 are read; make it smaller.")


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _from_deep(picture)
    if picture.mode in {"RGBA", "RGBa", "LA", "La", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return picture.convert("RGB")


def _from_deep(picture: Image.Image) -> Image.Image:
    """Scale 16-bit grey (0 to 65535) and float grey (0 to 1) to 8 bits; Pillow alone would clip them."""
    values = np.asarray(picture).astype(np.float64)
    largest = values.max(initial=0.0)
    if picture.mode == "F":
        scale = 255.0 if largest <= 1.0 else 1.0
    else:
        scale = 1.0 if picture.mode == "I" and largest <= 255.0 else 255.0 / 65535.0
    return Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)).convert("RGB")


def _square(picture: Image.Image, size: int) -> Image.Image:
    if picture.size == (size, size):
        return picture
    return ImageOps.fit(picture, (size, size), method=Image.Resampling.BICUBIC, centering=(0.5, 0.5))
