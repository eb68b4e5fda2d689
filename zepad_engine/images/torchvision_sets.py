"""The benchmark sets torchvision knows, read from files already on this computer; nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
import torchvision
from PIL import Image
from torch import Tensor
from torchvision import datasets
from torchvision.transforms.functional import pil_to_tensor
from torchvision.transforms.v2.functional import center_crop, resize

from zepad_engine.errors import BadInput
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.pixel_file import PixelFile
from zepad_engine.plan import TORCHVISION_PREFIX

_Opener = Callable[[Path, str], Any]


def _by_flag(kind: Callable[..., Any]) -> _Opener:
    return lambda root, split: kind(root, train=split == "train", download=False)


def _by_name(kind: Callable[..., Any]) -> _Opener:
    return lambda root, split: kind(root, split=split, download=False)


class _Known(NamedTuple):
    """How a set is opened, and which files below its folder it is read from."""

    opener: _Opener
    files: str


_SETS: Final[dict[str, _Known]] = {
    "cifar10": _Known(_by_flag(datasets.CIFAR10), "cifar-10-batches-py/*"),
    "cifar100": _Known(_by_flag(datasets.CIFAR100), "cifar-100-python/*"),
    "fashionmnist": _Known(_by_flag(datasets.FashionMNIST), "FashionMNIST/raw/*"),
    "mnist": _Known(_by_flag(datasets.MNIST), "MNIST/raw/*"),
    "gtsrb": _Known(_by_name(datasets.GTSRB), "gtsrb/**/*"),
    "stl10": _Known(_by_name(datasets.STL10), "stl10_binary/*"),
    "svhn": _Known(_by_name(datasets.SVHN), "*_32x32.mat"),
}
# No split of these sets has more pictures.
_LARGEST_SPLIT: Final = 100_000


def load_torchvision(
    where: str, size: int, limit: int | None = None, seed: int = 0, pixels: PixelFile | None = None
) -> ImageSet:
    """Read ``torchvision:<set>:<folder>`` as uint8 (N, 3, size, size) with the splits train and test.

    At most ``limit`` pictures of each split are read, chosen by ``seed``, one by one into ``pixels`` or a temporary
    file.

    Raises:
        BadInput: the set is unknown, or its files are not in the folder.
    """
    name, root = _place(where)
    labels: list[int] = []
    splits = {}
    with pixels or PixelFile(size) as into:
        for split in ("train", "test"):
            start = len(labels)
            labels += _read_split(name, root, split, limit, seed, into)
            splits[split] = torch.arange(start, len(labels))
        return ImageSet(
            name=name,
            pictures=into.mapped(),
            labels=torch.tensor(labels),
            classes=tuple(str(index) for index in range(max(labels) + 1)),
            splits=splits,
            source=f"{name} as torchvision reads it",
        )


def torchvision_fingerprint(where: str) -> tuple[str, int]:
    """What changes with the files of ``torchvision:<set>:<folder>``, 64 hexadecimal characters; and a bound on the
    number of pictures in a split.

    Sizes and times of the files stand for their content.

    Raises:
        BadInput: the set is unknown.
    """
    name, root = _place(where)
    files = [(file, file.stat()) for file in sorted(root.glob(_SETS[name].files))]
    marks = [(file.relative_to(root).as_posix(), found.st_size, found.st_mtime_ns) for file, found in files]
    return hashlib.sha256(repr((torchvision.__version__, marks)).encode()).hexdigest(), _LARGEST_SPLIT


def _place(where: str) -> tuple[str, Path]:
    name, _, folder = where.removeprefix(TORCHVISION_PREFIX).partition(":")
    if name not in _SETS or not folder:
        raise BadInput(f"{where} names no set.", f"Write torchvision:<set>:<folder> with one of {', '.join(_SETS)}.")
    return name, Path(folder)


def _read_split(name: str, root: Path, split: str, limit: int | None, seed: int, pixels: PixelFile) -> list[int]:
    """Append the pictures of a split to ``pixels`` and give back their labels."""
    try:
        stored = _SETS[name].opener(root, split)
    except (RuntimeError, OSError, EOFError) as trouble:
        raise BadInput(
            f"The files of {name} are not in the folder {root.name}.",
            "ZePAD downloads nothing; fetch the set first.",
        ) from trouble
    order = torch.randperm(len(stored), generator=torch.Generator().manual_seed(seed))
    labels = []
    for index in sorted(order[: len(stored) if limit is None else limit].tolist()):
        picture, label = stored[index]
        pixels.append(_square(picture, pixels.size))
        labels.append(int(label))
    return labels


def _square(picture: Image.Image, size: int) -> Tensor:
    whole: Tensor = pil_to_tensor(picture.convert("RGB"))
    if whole.shape[1:] == (size, size):
        return whole
    cropped: Tensor = center_crop(resize(whole, [size], antialias=True), [size, size])
    return cropped
