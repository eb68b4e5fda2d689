"""Many small pictures in one lossless WebP file, row by row."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 32
"""Side of every bundled picture once it is loaded."""

_COLUMNS: Final = 64


def sheet_bytes(tiles: NDArray[np.uint8]) -> bytes:
    """Encode pictures (N, side, side, 3) as one WebP sheet without loss."""
    count, side = tiles.shape[:2]
    rows = math.ceil(count / _COLUMNS)
    full = np.zeros((rows * _COLUMNS, side, side, 3), dtype=np.uint8)
    full[:count] = tiles
    sheet = full.reshape(rows, _COLUMNS, side, side, 3).swapaxes(1, 2).reshape(rows * side, _COLUMNS * side, 3)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(sheet)).save(stream, "WEBP", lossless=True, quality=100, method=6)
    return stream.getvalue()


def read_sheet(path: Path, count: int, side: int) -> NDArray[np.uint8]:
    """The first ``count`` pictures of a sheet: uint8 (count, side, side, 3).

    Raises:
        OSError: the file cannot be read as a WebP picture.
        ValueError: the sheet is not as large as ``count`` pictures need.
    """
    with Image.open(path, formats=("WEBP",)) as sheet:
        decoded = np.asarray(sheet.convert("RGB"))
    rows = math.ceil(count / _COLUMNS)
    tiles = decoded.reshape(rows, side, _COLUMNS, side, 3).swapaxes(1, 2)
    return tiles.reshape(rows * _COLUMNS, side, side, 3)[:count]


def fitted(tiles: NDArray[np.uint8], fit: str) -> NDArray[np.uint8]:
    """Stored tiles (N, side, side, 3) as pictures (N, 3, 32, 32), with the same bytes on every machine.

    ``none`` keeps 32 pixels, ``pad`` adds a black border, ``enlarge`` turns 24 pixels into 32 (bilinear, in integers).

    Raises:
        ValueError: ``fit`` does not lead from this side to 32.
    """
    if fit == "pad":
        border = (SIDE - tiles.shape[1]) // 2
        tiles = np.pad(tiles, ((0, 0), (border, border), (border, border), (0, 0)))
    elif fit == "enlarge":
        tiles = _enlarged(tiles)
    if tiles.shape[1:] != (SIDE, SIDE, 3):
        raise ValueError(f"tiles of shape {tiles.shape[1:]} do not become pictures of {SIDE} pixels")
    return np.ascontiguousarray(tiles.transpose(0, 3, 1, 2))


def _enlarged(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bilinear from three quarters: pixel i of the result lies at (6 i - 1) / 8 of the source."""
    side = tiles.shape[1]
    eighths = 6 * np.arange(side * 4 // 3) - 1
    before, share = eighths // 8, (eighths % 8).astype(np.int32)
    first, second = np.clip(before, 0, side - 1), np.clip(before + 1, 0, side - 1)
    wide = tiles.astype(np.int32)
    down, across = share[:, None, None], share[:, None]
    tall = wide[:, first] * (8 - down) + wide[:, second] * down
    both = tall[:, :, first] * (8 - across) + tall[:, :, second] * across
    return ((both + 32) // 64).astype(np.uint8)
