"""Pictures of a run folder, encoded again as small PNG, within a budget for the whole report."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import Path

from PIL import Image

_LONGEST_SIDE = 1024
_LARGEST_INPUT = 16_000_000
PAGE_BUDGET = 6_000_000


class Album:
    """The pictures of one page; knows what they have cost so far.

    Only files inside the run folder are read, and only pixels leave: no metadata reaches the page.
    """

    def __init__(self, folder: Path, page_budget: int = PAGE_BUDGET) -> None:
        self._folder = folder.resolve()
        self._left = page_budget

    def data_uri(self, name: str) -> str:
        """The picture as a PNG data URI; empty where it is missing, unreadable or over the budget."""
        encoded = base64.b64encode(self.png(name)).decode("ascii")
        return f"data:image/png;base64,{encoded}" if encoded else ""

    def png(self, name: str) -> bytes:
        """The picture as PNG; empty where it is missing, unreadable or over the budget."""
        path = (self._folder / name).resolve()
        if not name or not path.is_relative_to(self._folder) or not path.is_file():
            return b""
        encoded = _encode_again(path)
        # A page holds them in base64, which is a third longer.
        cost = -(-len(encoded) // 3) * 4
        if cost > self._left:
            return b""
        self._left -= cost
        return encoded


def _encode_again(path: Path) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as stored:
                if stored.width * stored.height > _LARGEST_INPUT:
                    return b""
                pixels = stored.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return b""
    pixels.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.NEAREST)
    clean = Image.new("RGB", pixels.size)
    clean.paste(pixels)
    page = io.BytesIO()
    clean.save(page, format="PNG", optimize=True)
    return page.getvalue()
