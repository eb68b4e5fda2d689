"""One word for where pictures come from: a folder, a zip, or a set torchvision knows."""

from __future__ import annotations

from pathlib import Path

from zepad_engine.images.folder import load_folder
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.torchvision_sets import PREFIX, load_torchvision


def open_images(where: str, size: int, limit: int | None = None, seed: int = 0) -> ImageSet:
    """Read a folder, a .zip or ``torchvision:<set>:<folder>`` as square pictures of ``size`` pixels.

    Raises:
        BadInput: the pictures cannot be read.
    """
    if where.startswith(PREFIX):
        return load_torchvision(where, size, limit, seed)
    return load_folder(Path(where).expanduser(), size, limit, seed)
