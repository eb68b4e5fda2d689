"""AdvEncoder-PAT (Zhou et al., ICCV 2023): the same generator and loss, but its map covers a small square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from zepad_engine.attacks.adv_encoder import AdvEncoder
from zepad_engine.attacks.budget import perturb, project
from zepad_engine.fields import Range

# The patch ends 14 px from the right and the lower edge of a picture of 64 px.
_MARGIN = 14 / 64


@dataclass(frozen=True, kw_only=True)
class AdvEncoderPat(AdvEncoder):
    """x' = mask * patch + (1 - mask) * x with a square mask near the lower right corner (method 2.2).

    The release clips the patch to the range of normalised pixels, about [-2.1, 2.6], and lays it on pixels in [0, 1];
    no picture can hold such values. Here the map, moved to the middle of the range, is clipped to [0, 1].
    """

    key: ClassVar[str] = "advencoder_pat"
    name: ClassVar[str] = "AdvEncoder-PAT"
    summary: ClassVar[str] = "A generator learns one small square that, laid over any image, moves its feature away."
    norm: ClassVar[Literal["linf", "patch"]] = "patch"

    share: Annotated[
        float, Range(low=0.001, high=0.5, label="Covered", step=0.01, unit="of the picture", help="0.03 as published")
    ] = 0.03

    def shaped(self, drawn: Tensor, epsilon: float) -> Tensor:
        """A patch (4, H, W): colours in [0, 1], and the mask."""
        del epsilon
        mask = square_mask(drawn.shape[-1], self.share).to(drawn)
        return project(torch.cat([drawn + 0.5, mask]), 1.0)

    def moved(self, images: Tensor, crafted: Tensor) -> Tensor:
        """Images with the patch over them."""
        return perturb(images, crafted)


def square_mask(size: int, share: float) -> Tensor:
    """1 inside the published square and 0 elsewhere, (1, size, size): 11 px at row and column 39 of 64 px."""
    side = math.floor(math.sqrt(share * size * size))
    first = max(0, size - math.floor(_MARGIN * size) - side)
    mask = torch.zeros(1, size, size)
    mask[:, first : first + side, first : first + side] = 1.0
    return mask
