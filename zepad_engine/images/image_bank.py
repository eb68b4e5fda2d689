"""Pictures as a network takes them: kept as bytes in memory or on disk, handed out as images on the device."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor, nn

from zepad_engine.errors import BadInput
from zepad_engine.execution.execution import EXACT, Execution


class ImageBank:
    """N pictures and the way networks are run on them.

    ``bank[index]`` with an index (B,) gives float32 images (B, 3, S, S) in [0, 1] where the networks run. Only what is
    asked for leaves its bytes, so a set larger than the memory can be walked through.
    """

    def __init__(self, pictures: Tensor, how: Execution = EXACT, index: Tensor | None = None) -> None:
        """Hold pictures.

        Args:
            pictures: uint8 (N, 3, S, S), or float in [0, 1].
            how: what prepares the images.
            index: int64 (M,), chooses some of the pictures.

        Raises:
            BadInput: no batch of RGB pictures, or values out of range.
        """
        _require_pictures(pictures)
        self.how = how
        self._pictures = pictures
        self._index = index

    def __len__(self) -> int:
        return len(self._pictures) if self._index is None else len(self._index)

    def __getitem__(self, which: Tensor | slice) -> Tensor:
        if self._index is None:
            return self.how.images(self._pictures[which])
        return self.how.images(self._pictures[self._index[which]])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one image, (3, S, S)."""
        channels, height, width = self._pictures.shape[1:]
        return channels, height, width

    def pictures(self) -> Tensor:
        """All chosen pictures as they are kept, (N, 3, S, S)."""
        return self._pictures if self._index is None else self._pictures[self._index]

    def place(self, tensor: Tensor) -> Tensor:
        """A tensor, beside the images."""
        return tensor.to(self.how.device)

    def host(self, network: nn.Module) -> nn.Module:
        """A network to be trained on the images, placed beside them and prepared as the arithmetic allows."""
        return self.how.for_training(network)

    def through(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """``function`` of all images, batch by batch without gradients, joined: (N, ...) on the images' device."""

        def run(part: slice) -> Tensor:
            return function(self[part])

        with torch.no_grad():
            return self.how.in_batches(run, len(self), self.how.batch_for(self.shape[-1]))

    def digest(self) -> str:
        """SHA-256 over all chosen pictures, in order; 64 hexadecimal characters."""
        found = hashlib.sha256(repr(self.shape).encode())
        for start in range(0, len(self), 1024):
            part = slice(start, start + 1024)
            chosen = self._pictures[part] if self._index is None else self._pictures[self._index[part]]
            found.update(chosen.contiguous().numpy().data.cast("B"))
        return found.hexdigest()


def _require_pictures(pictures: Tensor) -> None:
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise BadInput(f"Images must be a batch of RGB pictures; this one has the shape {tuple(pictures.shape)}.")
    if pictures.dtype == torch.uint8 or len(pictures) == 0:
        return
    if not torch.isfinite(pictures).all() or pictures.min() < 0 or pictures.max() > 1:
        raise BadInput("Image values must lie between 0 and 1.", "Divide 8-bit pixels by 255 before the audit.")
