"""One word for where pictures come from: a bundled set, a folder, a zip, or a set torchvision knows."""

from __future__ import annotations

from pathlib import Path

from zepad_engine.images.decoded import Decoded, open_decoded, set_key
from zepad_engine.images.folder import folder_fingerprint, load_folder
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.pixel_file import PixelFile
from zepad_engine.images.sample import decode_sample, sample_fingerprint
from zepad_engine.plan import SAMPLE_PREFIX, TORCHVISION_PREFIX, set_place


def open_images(where: str, size: int, limit: int | None = None, seed: int = 0) -> ImageSet:
    """Open ``sample:<name>``, a folder, a .zip or ``torchvision:<set>:<folder>`` as square pictures of ``size`` pixels.

    They are decoded once and kept in the cache until a file of them changes.

    Raises:
        BadInput: the pictures cannot be read.
    """
    return decode_images(where, size, limit, seed, source_key(where, size, limit, seed)).images


def source_key(where: str, size: int, limit: int | None, seed: int) -> str:
    """The store's name for these pictures as their files are now; ``seed`` counts only where ``limit`` leaves some out.

    Raises:
        BadInput: there are no such pictures.
    """
    where = set_place(where)
    fingerprint, count = _fingerprint(where)
    drawn = (limit, seed) if limit is not None and count > limit else (None, None)
    return set_key(where, str(Path(where).absolute()), size, *drawn, fingerprint)


def decode_images(where: str, size: int, limit: int | None, seed: int, key: str) -> Decoded:
    """The pictures that ``source_key`` named ``key``, from the store or decoded now.

    Raises:
        BadInput: the pictures cannot be read.
    """

    where = set_place(where)

    def decode(pixels: PixelFile) -> ImageSet:
        if where.startswith(SAMPLE_PREFIX):
            return decode_sample(where.removeprefix(SAMPLE_PREFIX), pixels)
        if where.startswith(TORCHVISION_PREFIX):
            # torchvision takes as long to load as torch itself: only who needs it waits for it.
            from zepad_engine.images.torchvision_sets import load_torchvision

            return load_torchvision(where, size, limit, seed, pixels)
        return load_folder(Path(where).expanduser(), size, limit, seed, pixels)

    return open_decoded(key, size, decode)


def _fingerprint(where: str) -> tuple[str, int]:
    if where.startswith(SAMPLE_PREFIX):
        return sample_fingerprint(where.removeprefix(SAMPLE_PREFIX))
    if where.startswith(TORCHVISION_PREFIX):
        from zepad_engine.images.torchvision_sets import torchvision_fingerprint

        return torchvision_fingerprint(where)
    return folder_fingerprint(Path(where).expanduser())
