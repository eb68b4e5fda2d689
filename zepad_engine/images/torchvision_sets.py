"""The benchmark sets torchvision knows, read from files already on this computer; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor
from torchvision import datasets
from torchvision.transforms.functional import pil_to_tensor
from torchvision.transforms.v2.functional import center_crop, resize

from zepad_engine.errors import BadInput
from zepad_engine.images.image_set import ImageSet

PREFIX = "torchvision:"

_Opener = Callable[[Path, str], Any]


def _by_flag(kind: Callable[..., Any]) -> _Opener:
    return lambda root, split: kind(root, train=split == "train", download=False)


def _by_name(kind: Callable[..., Any]) -> _Opener:
    return lambda root, split: kind(root, split=split, download=False)


_SETS: Final[dict[str, _Opener]] = {
    "cifar10": _by_flag(datasets.CIFAR10),
    "cifar100": _by_flag(datasets.CIFAR100),
    "fashionmnist": _by_flag(datasets.FashionMNIST),
    "mnist": _by_flag(datasets.MNIST),
    "gtsrb": _by_name(datasets.GTSRB),
    "stl10": _by_name(datasets.STL10),
    "svhn": _by_name(datasets.SVHN),
}


def load_torchvision(where: str, size: int, limit: int | None = None, seed: int = 0) -> ImageSet:
    """Read ``torchvision:<set>:<folder>`` as uint8 (N, 3, size, size) with the splits train and test.

    At most ``limit`` pictures of each split are read, chosen by ``seed``.

    Raises:
        BadInput: the set is unknown, or its files are not in the folder.
    """
    name, _, folder = where.removeprefix(PREFIX).partition(":")
    if name not in _SETS or not folder:
        raise BadInput(f"{where} names no set.", f"Write torchvision:<set>:<folder> with one of {', '.join(_SETS)}.")
    parts = {split: _read_split(name, Path(folder), split, size, limit, seed) for split in ("train", "test")}
    start, splits = 0, {}
    for split, (pictures, _) in parts.items():
        splits[split] = torch.arange(start, start + len(pictures))
        start += len(pictures)
    labels = torch.cat([found for _, found in parts.values()])
    classes = tuple(str(index) for index in range(int(labels.max()) + 1))
    pictures = torch.cat([found for found, _ in parts.values()])
    source = f"{name} as torchvision reads it"
    return ImageSet(name=name, pictures=pictures, labels=labels, classes=classes, splits=splits, source=source)


def _read_split(name: str, root: Path, split: str, size: int, limit: int | None, seed: int) -> tuple[Tensor, Tensor]:
    try:
        stored = _SETS[name](root, split)
    except (RuntimeError, OSError, EOFError) as trouble:
        raise BadInput(
            f"The files of {name} are not in the folder {root.name}.",
            "ZePAD downloads nothing; fetch the set first.",
        ) from trouble
    order = torch.randperm(len(stored), generator=torch.Generator().manual_seed(seed))
    chosen = sorted(order[: len(stored) if limit is None else limit].tolist())
    found = [stored[index] for index in chosen]
    return torch.stack([_square(picture, size) for picture, _ in found]), torch.tensor(
        [int(label) for _, label in found]
    )


def _square(picture: Image.Image, size: int) -> Tensor:
    whole: Tensor = pil_to_tensor(picture.convert("RGB"))
    if whole.shape[1:] == (size, size):
        return whole
    cropped: Tensor = center_crop(resize(whole, [size], antialias=True), [size, size])
    return cropped
