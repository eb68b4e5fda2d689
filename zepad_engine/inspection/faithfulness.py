"""What an attribution is worth: how fast an answer goes, or comes back, with the pixels it holds for important.

Source: Petsiuk et al., RISE, BMVC 2018 (deletion and insertion); here pixels are taken away by making them grey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

from zepad_engine.inspection.attribution import GREY, LARGE

_STEPS: Final = 20
_STEPS_OF_LARGE: Final = 10


class Faithfulness(NamedTuple):
    """Areas under the answer, 0 to 1, as the share of pixels taken away or put back goes from 0 to 1."""

    deletion: float
    insertion: float


def faithfulness(values: Tensor, picture: Tensor, answer: Callable[[Tensor], Tensor], batch: int) -> Faithfulness:
    """Both areas for a map (S, S) of a picture (1, 3, S, S).

    Args:
        answer: of images (B, 3, S, S), each a number in [0, 1], (B,): what the map claims to explain.
        batch: images per pass.
    """
    most_important_first = _order(values.flatten())
    steps = _STEPS_OF_LARGE if values.shape[-1] > LARGE else _STEPS
    taken = torch.zeros(steps - 1, values.numel(), dtype=torch.bool)
    for step in range(1, steps):
        taken[step - 1, most_important_first[: round(step / steps * values.numel())]] = True
    masks = taken.view(-1, 1, *values.shape).to(picture.device)
    grey = torch.full_like(picture, GREY)
    # Both ways lead from one end to the other; the ends are asked about once.
    ways = torch.cat([picture, grey, torch.where(masks, grey, picture), torch.where(masks, picture, grey)])
    whole, nothing, *heights = _heights(ways, answer, batch)
    taken_away, put_back = heights[: steps - 1], heights[steps - 1 :]
    return Faithfulness(deletion=_area([whole, *taken_away, nothing]), insertion=_area([nothing, *put_back, whole]))


def _order(values: Tensor) -> Tensor:
    """Places from the largest value to the smallest; equal ones in a random order, always the same."""
    drawn = torch.randperm(len(values), generator=torch.Generator().manual_seed(0))
    return drawn[values[drawn].argsort(descending=True, stable=True)]


def _heights(images: Tensor, answer: Callable[[Tensor], Tensor], batch: int) -> list[float]:
    with torch.no_grad():
        heights = torch.cat([answer(part) for part in images.split(batch)]).clamp(0, 1)
    return [float(height) for height in heights.to(torch.float64).cpu()]


def _area(heights: list[float]) -> float:
    """Under the heights, one unit wide, by the trapezoid rule."""
    return (sum(heights) - (heights[0] + heights[-1]) / 2) / (len(heights) - 1)
