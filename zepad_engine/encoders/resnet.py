"""ResNets of any width and depth with torchvision's parameter names, stem of CIFAR or of ImageNet.

Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016.
"""

from __future__ import annotations

from typing import cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional

from zepad_engine.architecture import ResNetShape, Stem
from zepad_engine.card import EncoderCard, Triple
from zepad_engine.encoders.encoder import Backbone, Encoder, count_parameters
from zepad_engine.encoders.residual_blocks import BasicBlock, Bottleneck


class PaddedShortcut(nn.Module):
    """Option A of the paper: every second pixel, and channels of zeros on both sides; it has no weights."""

    def __init__(self, stride: int, more: int) -> None:
        super().__init__()
        self.stride = stride
        self.below = more // 2
        self.above = more - more // 2

    def forward(self, activation: Tensor) -> Tensor:
        """Activation (B, C, h, w) as (B, C + more, h / stride, w / stride)."""
        thinned = activation[:, :, :: self.stride, :: self.stride]
        return functional.pad(thinned, (0, 0, 0, 0, self.below, self.above))


class ResNetBackbone(Backbone):
    """conv1, bn1, layer1, layer2 and so on, and the global average; no fc."""

    def __init__(self, shape: ResNetShape) -> None:
        super().__init__()
        self.stage_count = len(shape.blocks) + 1
        width, stem = shape.width, shape.stem
        self.conv1 = nn.Conv2d(3, width, stem.kernel, stem.stride, stem.padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem.pool else nn.Identity()
        channels = width
        for index in range(len(shape.blocks)):
            self.add_module(f"layer{index + 1}", _stage(shape, channels, index))
            channels = width * 2**index * (4 if shape.bottleneck else 1)
        self.feature_dim = channels

    def stage(self, activation: Tensor, index: int) -> Tensor:
        """Stage 0 is the stem with its max-pool, the others are the residual stages."""
        if index == 0:
            return cast("Tensor", self.maxpool(self.relu(self.bn1(self.conv1(activation)))))
        return cast("Tensor", self.get_submodule(f"layer{index}")(activation))


def _stage(shape: ResNetShape, channels: int, index: int) -> nn.Sequential:
    planes, stride = shape.width * 2**index, 1 if index == 0 else 2
    grown = planes * (4 if shape.bottleneck else 1)
    bridge: nn.Module | None = None
    if (stride != 1 or channels != grown) and shape.shortcut == "pad":
        bridge = PaddedShortcut(stride, grown - channels)
    elif stride != 1 or channels != grown:
        bridge = nn.Sequential(nn.Conv2d(channels, grown, 1, stride, bias=False), nn.BatchNorm2d(grown))
    first = _block(shape, channels, planes, stride, bridge)
    return nn.Sequential(first, *(_block(shape, grown, planes) for _ in range(shape.blocks[index] - 1)))


def _block(
    shape: ResNetShape, channels: int, planes: int, stride: int = 1, bridge: nn.Module | None = None
) -> BasicBlock | Bottleneck:
    if not shape.bottleneck:
        return BasicBlock(channels, planes, stride, bridge)
    # As torchvision counts it: the width of a group for 64 planes.
    per_group = round(64 * shape.inner / shape.groups)
    inner = planes * per_group // 64 * shape.groups
    return Bottleneck(channels, planes, stride, bridge, inner=inner, groups=shape.groups)


def empty_resnet(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights still unset; draws nothing from the global generator."""
    assert isinstance(card.architecture, ResNetShape)
    with torch.random.fork_rng(devices=[]):
        backbone = ResNetBackbone(card.architecture)
    counted = msgspec.structs.replace(card, feature_dim=backbone.feature_dim, parameters=count_parameters(backbone))
    return Encoder(backbone, counted).eval()


def resnet_card(
    name: str,
    *,
    blocks: tuple[int, ...],
    width: int,
    stem: Stem,
    mean: Triple,
    std: Triple,
    input_size: int,
    bottleneck: bool = False,
) -> EncoderCard:
    """A card of an untrained ResNet; feature size and parameter count are filled in by ``empty_resnet``."""
    return EncoderCard(
        name=name,
        architecture=ResNetShape(blocks=blocks, bottleneck=bottleneck, width=width, stem=stem),
        mean=mean,
        std=std,
        input_size=input_size,
        feature_dim=0,
        parameters=0,
    )


def random_resnet(card: EncoderCard, seed: int) -> Encoder:
    """The net a card describes with random weights, in evaluation mode."""
    encoder = empty_resnet(card)
    with torch.no_grad():
        encoder.backbone.initialise(torch.Generator().manual_seed(seed))
    return encoder
