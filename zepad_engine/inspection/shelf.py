"""A folder with a bounded number of files, each named by its own content or by what decides it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zepad_engine.storage import replace_with


@dataclass(slots=True)
class Shelf:
    """At most ``most`` files and ``look_every`` more; the ones put down or asked for longest ago make room.

    A file is never changed once it is there, so nobody is shown a stale one. Nothing on a shelf has to last: a crash
    may cost the newest.
    """

    folder: Path
    most: int
    look_every: int = 64
    _unseen: int = 0

    def find(self, name: str) -> Path | None:
        """The file of that name, if it is there; it then counts as new."""
        path = self.folder / name
        if not path.exists():
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return path

    def keep(self, name: str, content: bytes) -> Path:
        """Put a file down under a name that decides its content.

        Raises:
            NoSpace: the disk refused it.
        """
        found = self.find(name)
        if found is not None:
            return found
        path = self.folder / name

        def fill(sibling: Path) -> None:
            sibling.write_bytes(content)

        replace_with(path, fill)
        self._unseen += 1
        if self._unseen >= self.look_every:
            self._make_room()
        return path

    def picture(self, image: Tensor) -> str:
        """Path of a float picture (3, H, W) in [0, 1] as a PNG of the same size."""
        return self._by_content(png_bytes(image), "png")

    def values(self, numbers: Tensor) -> str:
        """Path of numbers as a float32 ``.npy`` file of the same shape."""
        stream = io.BytesIO()
        np.save(stream, numbers.detach().cpu().to(torch.float32).numpy(), allow_pickle=False)
        return self._by_content(stream.getvalue(), "npy")

    def thumbnail(self, picture: Tensor, side: int) -> str:
        """Path of a uint8 picture (3, H, W) as a PNG whose longer side is at most ``side`` pixels."""
        shown = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
        shown.thumbnail((side, side))
        return self._by_content(_png(shown), "png")

    def _by_content(self, content: bytes, ending: str) -> str:
        return str(self.keep(f"{hashlib.sha256(content).hexdigest()[:24]}.{ending}", content))

    def _make_room(self) -> None:
        self._unseen = 0
        with contextlib.suppress(OSError):
            files = (path for path in self.folder.iterdir() if path.is_file())
            known = sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)
            for path in known[self.most :]:
                path.unlink(missing_ok=True)


def png_bytes(image: Tensor) -> bytes:
    """A float picture (3, H, W) in [0, 1] as PNG, packed lightly: it is read once and soon thrown away."""
    pixels = as_pixels(image).permute(1, 2, 0).contiguous().numpy()
    return _png(Image.fromarray(pixels))


def as_pixels(image: Tensor) -> Tensor:
    """A float picture (3, H, W) in [0, 1] as uint8 on the CPU."""
    return (image.detach().clamp(0, 1) * 255).round().to(torch.uint8).cpu()


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format="PNG", compress_level=1)
    return stream.getvalue()
