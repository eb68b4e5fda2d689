"""Batch norms folded into the convolutions before them: the same function of the image in fewer steps."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_TOLERANCE = 1e-3


def fold_batch_norms(network: nn.Module) -> None:
    """Fold each BatchNorm2d into the convolution registered right before it, in place; eval mode only.

    A part whose attribute ``foldable`` is False is left as it is.
    """
    if not getattr(network, "foldable", True):
        return
    for first, second in pairwise(list(network._modules)):
        convolution, norm = network._modules[first], network._modules[second]
        rest = _after_norm(norm)
        if rest is None or not isinstance(convolution, nn.Conv2d) or not _is_plain(convolution):
            continue
        assert isinstance(norm, nn.BatchNorm2d)
        if convolution.out_channels == norm.num_features and norm.running_mean is not None:
            network._modules[first] = fuse_conv_bn_eval(convolution, norm)
            network._modules[second] = rest
    for part in network.children():
        fold_batch_norms(part)


def _is_plain(convolution: nn.Conv2d) -> bool:
    """Whether it convolves with its weight as it stands; timm's Conv2dSame only pads otherwise."""
    return type(convolution) is nn.Conv2d or type(convolution).__name__ == "Conv2dSame"


def _after_norm(norm: nn.Module | None) -> nn.Module | None:
    """What stays of a batch norm once it is folded: timm's holds the activation too. None: it cannot be folded."""
    if type(norm) is nn.BatchNorm2d:
        return nn.Identity()
    if isinstance(norm, nn.BatchNorm2d) and type(norm).__name__ == "BatchNormAct2d":
        return nn.Sequential(norm.get_submodule("drop"), norm.get_submodule("act"))
    return None


def folds_exactly(network: nn.Module, images: Tensor) -> bool:
    """Whether folding keeps the network's output on ``images``: registration order must be execution order."""
    folded = copy.deepcopy(network).eval()
    fold_batch_norms(folded)
    with torch.inference_mode():
        plain, quick = network.eval()(images), folded(images)
    scale = plain.abs().max().clamp_min(1e-6)
    return bool((plain - quick).abs().max() / scale < _TOLERANCE)
