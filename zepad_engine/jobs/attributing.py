"""Attributions by captum: where in the picture a branch's answer comes from, drawn over the grey picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.encoders.vit import VitBackbone
from zepad_engine.errors import BadInput

_PATH_STEPS = 16
_PICTURE_SHARE = 0.35
# Dark to bright, told apart in grey print too.
_HEAT = torch.tensor([[0.0, 0.0, 0.03], [0.34, 0.06, 0.43], [0.73, 0.21, 0.33], [0.98, 0.55, 0.04], [0.99, 1.0, 0.64]])


def attribute(method: str, model: nn.Module, image: Tensor, target: int) -> Tensor:
    """The attribution of class ``target`` over the picture (3, S, S) in [0, 1]; an image of the same shape.

    Raises:
        BadInput: no such method.
    """
    if method not in _METHODS:
        raise BadInput(f"There is no attribution called {method}.", f"Known: {', '.join(_METHODS)}, none.")
    strength = _METHODS[method](model, image[None], target)
    return overlay(strength, image).cpu()


def overlay(strength: Tensor, image: Tensor) -> Tensor:
    """Heat (S, S), scaled to its 99th percentile, over the grey picture (3, S, S)."""
    top = torch.quantile(strength.flatten(), 0.99).clamp_min(1e-12)
    position = (strength / top).clamp(0, 1) * (len(_HEAT) - 1)
    low = position.floor().long().clamp(max=len(_HEAT) - 2)
    share = (position - low).unsqueeze(-1)
    ramp = _HEAT.to(image.device)
    heat = (ramp[low] * (1 - share) + ramp[low + 1] * share).permute(2, 0, 1)
    grey = image.mean(dim=0, keepdim=True)
    return (_PICTURE_SHARE * grey + (1 - _PICTURE_SHARE) * heat).clamp(0, 1)


def _saliency(model: nn.Module, image: Tensor, target: int) -> Tensor:
    from captum.attr import Saliency

    found = Saliency(model).attribute(image.requires_grad_(True), target=target)
    return cast("Tensor", found)[0].abs().max(dim=0).values.detach()


def _integrated_gradients(model: nn.Module, image: Tensor, target: int) -> Tensor:
    from captum.attr import IntegratedGradients

    grey = torch.full_like(image, 0.5)
    found = IntegratedGradients(model).attribute(image, grey, target=target, n_steps=_PATH_STEPS)
    return cast("Tensor", found)[0].abs().sum(dim=0).detach()


def _layer_gradcam(model: nn.Module, image: Tensor, target: int) -> Tensor:
    from captum.attr import LayerGradCam

    transformers = [module for module in model.modules() if isinstance(module, VitBackbone)]
    if transformers:
        coarse = _token_gradcam(model, transformers[-1], image, target)
    else:
        last = [module for module in model.modules() if isinstance(module, nn.Conv2d)][-1]
        found = LayerGradCam(model, last).attribute(image.requires_grad_(True), target=target, relu_attributions=True)
        coarse = cast("Tensor", found).detach()
    return functional.interpolate(coarse, size=image.shape[-2:], mode="bilinear")[0, 0]


def _token_gradcam(model: nn.Module, transformer: VitBackbone, image: Tensor, target: int) -> Tensor:
    """Grad-CAM (1, 1, h, w) on the patches that enter the last block's attention.

    A step later they are too late: features taken from the class token do not depend on what leaves the last block.
    """
    seen: list[Tensor] = []
    handle = transformer.blocks[-1].get_submodule("norm1").register_forward_hook(lambda _m, _i, out: seen.append(out))
    try:
        answer = model(image.requires_grad_(True))[0, target]
    finally:
        handle.remove()
    (slope,) = torch.autograd.grad(answer, seen[-1])
    height, width = image.shape[-2:]
    weights = transformer.patch_map(slope, height, width).mean(dim=(2, 3), keepdim=True)
    strength = (weights * transformer.patch_map(seen[-1], height, width)).sum(dim=1, keepdim=True)
    return strength.relu().float().detach()


_METHODS: Final[dict[str, Callable[[nn.Module, Tensor, int], Tensor]]] = {
    "saliency": _saliency,
    "integrated_gradients": _integrated_gradients,
    "layer_gradcam": _layer_gradcam,
}
