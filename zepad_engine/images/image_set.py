"""A set of decoded pictures with labels and seeded splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import torch
from torch import Tensor

from zepad_engine.errors import BadInput

_HASHED_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """Pictures decoded once and kept as uint8, usually in a mapped file; nothing changes them afterwards.

    Attributes:
        name: what the report calls the set.
        pictures: uint8 (N, 3, H, W), 0 to 255.
        labels: int64 (N,), or None where the pictures have no labels.
        classes: names of the classes, in label order; empty without labels.
        splits: name ("train", "validation", "calibration", "test", or "all") to int64 indices.
        source: one line that says where the pictures come from and under which licence.
    """

    name: str
    pictures: Tensor
    labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    splits: dict[str, Tensor] = field(default_factory=dict)
    source: str = ""
    # Not a parameter, so that dataclasses.replace leaves it behind with the pictures it belongs to.
    _digest: str = field(default="", init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return int(self.pictures.shape[0])

    @property
    def size(self) -> int:
        """Side of the square pictures in pixels."""
        return int(self.pictures.shape[-1])

    def indices(self, split: str) -> Tensor:
        """The indices of a split.

        Raises:
            BadInput: the set has no such split.
        """
        if split == "all":
            return torch.arange(len(self))
        if split not in self.splits:
            raise BadInput(
                f"The image set {self.name} has no split named {split}.", f"It has: {', '.join(self.splits)}."
            )
        return self.splits[split]

    def sha256(self) -> str:
        """Digest of pictures, labels and splits, 64 hexadecimal characters; computed once."""
        if not self._digest:
            object.__setattr__(self, "_digest", self._hashed())
        return self._digest

    def with_digest(self, digest: str) -> ImageSet:
        """This set, its ``sha256`` known to be ``digest`` from where it was stored."""
        object.__setattr__(self, "_digest", digest)
        return self

    def _hashed(self) -> str:
        digest = hashlib.sha256()
        for chunk in self.pictures.split(_HASHED_AT_ONCE):
            digest.update(chunk.reshape(-1).numpy())
        if self.labels is not None:
            digest.update(self.labels.contiguous().numpy().tobytes())
        for split in sorted(self.splits):
            digest.update(split.encode())
            digest.update(self.splits[split].contiguous().numpy().tobytes())
        return digest.hexdigest()


def as_images(pictures: Tensor) -> Tensor:
    """Turn uint8 pictures (N, 3, H, W) into float32 images in [0, 1]."""
    return pictures.to(torch.float32).div_(255.0)
