"""Tensors as PNG files for the window and the report; small pictures are enlarged without smoothing."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from zepad_engine.storage import write_bytes

_SHOWN_SIDE = 128
_GAP = 4
# "Inferno", the scale of the window's maps, at nine even places.
_HEAT = (
    torch.tensor(
        [
            [0, 0, 4],
            [31, 12, 72],
            [85, 15, 109],
            [136, 34, 106],
            [186, 54, 85],
            [227, 89, 51],
            [249, 140, 10],
            [249, 201, 50],
            [252, 255, 164],
        ]
    )
    / 255
)


def save_picture(image: Tensor, path: Path, side: int = _SHOWN_SIDE) -> None:
    """Write float (3, H, W) in [0, 1] as PNG, enlarged by a whole factor to about ``side`` pixels."""
    factor = max(1, side // image.shape[-1])
    pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    picture = Image.fromarray(pixels)
    enlarged = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    stream = io.BytesIO()
    enlarged.save(stream, format="PNG")
    write_bytes(path, stream.getvalue())


def save_perturbation(perturbation: Tensor, epsilon: float, path: Path) -> None:
    """Write a perturbation (3, H, W) in [-epsilon, epsilon] stretched to the full range, or a patch (4, H, W) as it is.

    Grey is where nothing happens.
    """
    if len(perturbation) == 4:
        colours, mask = perturbation[:3], perturbation[3:]
        return save_picture(0.5 + mask * (colours - 0.5), path)
    return save_picture(stretched(perturbation, epsilon), path)


def stretched(difference: Tensor, epsilon: float) -> Tensor:
    """A difference in [-epsilon, epsilon] as an image in [0, 1]; grey is zero."""
    return 0.5 + difference / (2 * epsilon) if epsilon > 0 else torch.full_like(difference, 0.5)


def heated(values: Tensor, top: float) -> Tensor:
    """A map (H, W) in colours (3, H, W) whose lightness alone tells the value: black is 0, pale yellow ``top``."""
    places = (values / top).clamp(0, 1) * (len(_HEAT) - 1)
    below = places.floor().long().clamp(max=len(_HEAT) - 2)
    share = (places - below)[..., None]
    return (_HEAT[below] * (1 - share) + _HEAT[below + 1] * share).permute(2, 0, 1)


def save_strip(images: list[Tensor], path: Path) -> None:
    """Write images (3, H, W) in [0, 1] side by side with a white gap."""
    height = images[0].shape[-2]
    gap = torch.ones(3, height, max(1, _GAP * height // _SHOWN_SIDE))
    parts = [part for image in images for part in (image, gap)][:-1]
    save_picture(torch.cat(parts, dim=2), path, side=_SHOWN_SIDE * len(images))
