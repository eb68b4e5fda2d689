"""Grad-CAM and LayerCAM: a layer's activations, weighed by what the class's logit owes them, as a map of the picture.

Sources: Selvaraju et al., Grad-CAM, ICCV 2017; Jiang et al., LayerCAM, IEEE Trans. Image Processing 30, 2021.
"""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.vit import VitBackbone

# A map of fewer cells a side says nothing of where.
_FEWEST_CELLS: Final = 4


def gradcam(branch: nn.Sequential, picture: Tensor, target: int) -> Tensor:
    """Values (S, S), not negative: each channel weighs what the logit gains by it on average."""
    activation, slope = _activation_and_slope(branch, picture, target)
    weights = slope.mean(dim=(1, 2), keepdim=True)
    return _spread((weights * activation).sum(dim=0).relu(), picture)


def layercam(branch: nn.Sequential, picture: Tensor, target: int) -> Tensor:
    """Values (S, S), not negative: each place of each channel weighs what the logit gains by it there."""
    activation, slope = _activation_and_slope(branch, picture, target)
    return _spread((slope.relu() * activation).sum(dim=0).relu(), picture)


def _spread(cells: Tensor, picture: Tensor) -> Tensor:
    return functional.interpolate(cells[None, None].float(), size=picture.shape[-2:], mode="bilinear")[0, 0]


def _activation_and_slope(branch: nn.Sequential, picture: Tensor, target: int) -> tuple[Tensor, Tensor]:
    """The layer's activation for a picture (1, 3, S, S) and the gradient of the class's logit there, each (C, h, w)."""
    encoder = cast("Encoder", branch[0])
    if isinstance(encoder.backbone, VitBackbone):
        return _of_patches(branch, encoder.backbone, picture, target)
    with torch.no_grad():
        stop, activation = _last_spread_stage(encoder, picture)
    activation = activation.float().requires_grad_(True)
    # A later layer may write where it reads.
    later = activation.clone()
    for index in range(stop + 1, encoder.backbone.stage_count):
        later = encoder.backbone.stage(later, index)
    answer = branch[1](encoder.backbone.pool(later).float())[0, target]
    (slope,) = torch.autograd.grad(answer, activation)
    return activation[0].detach(), slope[0]


def _last_spread_stage(encoder: Encoder, picture: Tensor) -> tuple[int, Tensor]:
    """The last stage whose activation still has some cells a side, else the first; and that activation."""
    stop, kept = 0, encoder.backbone.stage(encoder.normalise(picture), 0)
    activation = kept.clone()
    for index in range(1, encoder.backbone.stage_count):
        activation = encoder.backbone.stage(activation, index)
        if min(activation.shape[-2:]) < _FEWEST_CELLS:
            break
        stop, kept = index, activation.clone()
    return stop, kept


def _of_patches(branch: nn.Sequential, transformer: VitBackbone, picture: Tensor, target: int) -> tuple[Tensor, Tensor]:
    """Of a transformer: the patches that enter the last block's attention, as a grid.

    A step later they are too late: features taken from the class token do not depend on what leaves the last block.
    """
    seen: list[Tensor] = []
    handle = transformer.blocks[-1].get_submodule("norm1").register_forward_hook(lambda _m, _i, out: seen.append(out))
    try:
        answer = branch(picture.clone().requires_grad_(True))[0, target]
    finally:
        handle.remove()
    (slope,) = torch.autograd.grad(answer, seen[-1])
    height, width = picture.shape[-2:]
    activation, slope = (transformer.patch_map(tokens, height, width)[0] for tokens in (seen[-1], slope))
    return activation.detach(), slope
