"""Batch norms folded into the convolutions before them: the same function of the image in fewer steps."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_TOLERANCE = 1e-3


def fold_batch_norms(network: nn.Module) -> None:
    """Fold each BatchNorm2d into the convolution registered right before it, in place; eval mode only."""
    for parent in network.modules():
        names = list(parent._modules)
        for first, second in pairwise(names):
            convolution, norm = parent._modules[first], parent._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                if convolution.out_channels != norm.num_features:
                    continue
                parent._modules[first] = fuse_conv_bn_eval(convolution, norm)
                parent._modules[second] = nn.Identity()


def folds_exactly(network: nn.Module, images: Tensor) -> bool:
    """Whether folding keeps the network's output on ``images``: registration order must be execution order."""
    folded = copy.deepcopy(network).eval()
    fold_batch_norms(folded)
    with torch.inference_mode():
        plain, quick = network.eval()(images), folded(images)
    scale = plain.abs().max().clamp_min(1e-6)
    return bool((plain - quick).abs().max() / scale < _TOLERANCE)
