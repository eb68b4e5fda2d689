"""Conv4, the small encoder of few-shot learning: four blocks of convolution, norm, ReLU and max-pool.

Source: Vinyals et al., Matching Networks for One Shot Learning, NeurIPS 2016.
"""

from __future__ import annotations

from typing import cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.architecture import ConvShape
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Backbone, Encoder, count_parameters

_HALVINGS = 4
CONV_STAGES = 4


class ConvBackbone(Backbone):
    """block0 to block3; features are the last map at the size it has for ``input_size``, laid flat."""

    stage_count = CONV_STAGES

    def __init__(self, *, width: int, input_size: int) -> None:
        super().__init__()
        for index in range(CONV_STAGES):
            block = nn.Sequential()
            block.add_module("conv", nn.Conv2d(3 if index == 0 else width, width, 3, padding=1))
            block.add_module("norm", nn.BatchNorm2d(width))
            block.add_module("relu", nn.ReLU())
            block.add_module("shrink", nn.MaxPool2d(2))
            self.add_module(f"block{index}", block)
        self.side = max(input_size >> _HALVINGS, 1)
        self.feature_dim = width * self.side**2

    def stage(self, activation: Tensor, index: int) -> Tensor:
        """Stage 0 is the first block; each halves the sides."""
        return cast("Tensor", self.get_submodule(f"block{index}")(activation))

    def pool(self, activation: Tensor) -> Tensor:
        """Features (B, feature_dim); images of another size than ``input_size`` are averaged onto the same grid."""
        return functional.adaptive_avg_pool2d(activation, self.side).flatten(1)


def empty_conv(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights still unset; draws nothing from the global generator."""
    assert isinstance(card.architecture, ConvShape)
    with torch.random.fork_rng(devices=[]):
        backbone = ConvBackbone(width=card.architecture.width, input_size=card.input_size)
    counted = msgspec.structs.replace(card, feature_dim=backbone.feature_dim, parameters=count_parameters(backbone))
    return Encoder(backbone, counted).eval()
