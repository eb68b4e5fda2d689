"""From drawings to small pictures: SVG to pixels, transparency to white, many pixels to few."""

from __future__ import annotations

import importlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zepad_engine.errors import BadInput
from zepad_engine.sample_building.draft import Tiles

SIDE = 32


def rendered(path: Path, side: int) -> Image.Image:
    """An SVG drawing as an RGBA picture, centred on a transparent square of ``side`` pixels."""
    content = _rasteriser().svg_to_bytes(
        svg_string=path.read_text(encoding="utf-8"), width=side * 2, skip_system_fonts=True
    )
    drawing = Image.open(io.BytesIO(content)).convert("RGBA")
    drawing.thumbnail((side, side), Image.Resampling.BOX)
    square = Image.new("RGBA", (side, side))
    square.paste(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2))
    return square


def on_white(drawing: Image.Image) -> Tiles:
    """An RGBA drawing on a white ground at 32 pixels: uint8 (32, 32, 3)."""
    ground = Image.new("RGBA", drawing.size, "white")
    ground.alpha_composite(drawing)
    return pixels(ground)


def pixels(picture: Image.Image) -> Tiles:
    """A picture made 32 pixels small by averaging: uint8 (32, 32, 3)."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.uint8)


@cache
def _rasteriser() -> Any:  # noqa: ANN401 - an optional dependency without types here
    try:
        return importlib.import_module("resvg_py")
    except ImportError as trouble:
        raise BadInput(
            "The SVG rasteriser resvg-py is missing.", "Install the extra named sample-building."
        ) from trouble
