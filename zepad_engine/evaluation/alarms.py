"""Images that are no attack, to see how often a detector flags them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from zepad_engine.evaluation.detection import Scores
from zepad_engine.evidence import FalseAlarm, Rate
from zepad_engine.metrics import rate_of, threshold_for

JPEG_QUALITY: Final = 75
BLUR_RADIUS: Final = 1.0
NOISE_DEVIATION: Final = 4.0

Change: TypeAlias = Callable[[Tensor, int], Tensor]


def jpeg(pictures: Tensor, seed: int) -> Tensor:
    """Pictures uint8 (N, 3, H, W) saved and opened again as JPEG of quality 75 (Pillow, its usual subsampling)."""
    del seed

    def saved(picture: Image.Image) -> Image.Image:
        stream = io.BytesIO()
        picture.save(stream, format="JPEG", quality=JPEG_QUALITY)
        return Image.open(stream)

    return _each(pictures, saved)


def blur(pictures: Tensor, seed: int) -> Tensor:
    """Pictures uint8 (N, 3, H, W) under a Gaussian blur with a standard deviation of one pixel."""
    del seed
    return _each(pictures, lambda picture: picture.filter(ImageFilter.GaussianBlur(BLUR_RADIUS)))


def noise(pictures: Tensor, seed: int) -> Tensor:
    """Pictures uint8 (N, 3, H, W) with Gaussian noise of standard deviation 4/255, drawn for each image apart."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(pictures.shape, generator=generator) * NOISE_DEVIATION
    return (pictures + drawn).round().clamp(0, 255).to(torch.uint8)


CHANGES: Final[Mapping[str, Change]] = MappingProxyType({"jpeg": jpeg, "blur": blur, "noise": noise})


def false_alarm(
    calibration: Scores,
    scores: Scores,
    margin: float,
    *,
    defence: str,
    task: str,
    condition: str,
    accuracy: Rate | None,
) -> FalseAlarm:
    """How many of the scores (N,) of one condition lie above the thresholds that calibration scores (M,) set."""
    return FalseAlarm(
        defence=defence,
        task=task,
        condition=condition,
        flagged_at_5=rate_of(scores > threshold_for(calibration, 0.05)),
        flagged_at_1=rate_of(scores > threshold_for(calibration, 0.01)),
        flagged_at_margin=rate_of(scores > margin),
        accuracy=accuracy,
    )


def _each(pictures: Tensor, change: Callable[[Image.Image], Image.Image]) -> Tensor:
    changed = torch.empty_like(pictures)
    for index, picture in enumerate(pictures):
        moved = change(Image.fromarray(picture.permute(1, 2, 0).numpy()))
        changed[index] = torch.from_numpy(np.array(moved)).permute(2, 0, 1)
    return changed
