"""ResNets of any width and depth with torchvision's parameter names, stem of CIFAR or of ImageNet.

Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016; blocks of torchvision.
"""

from __future__ import annotations

import copy
from typing import Literal, cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, Bottleneck

from zepad_engine.card import EncoderCard, Stem, Triple
from zepad_engine.encoders.encoder import Backbone, Encoder, count_parameters

Shortcut = Literal["conv", "pad"]


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

    def __init__(
        self, *, blocks: tuple[int, ...], bottleneck: bool, width: int, stem: Stem, shortcut: Shortcut = "conv"
    ) -> None:
        super().__init__()
        self.stage_count = len(blocks) + 1
        block = Bottleneck if bottleneck else BasicBlock
        self.conv1 = nn.Conv2d(3, width, stem.kernel, stem.stride, stem.padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem.pool else nn.Identity()
        channels = width
        for index, count in enumerate(blocks):
            planes = width * 2**index
            self.add_module(
                f"layer{index + 1}", _stage(block, channels, planes, count, 1 if index == 0 else 2, shortcut)
            )
            channels = planes * block.expansion
        self.feature_dim = channels

    def stage(self, activation: Tensor, index: int) -> Tensor:
        """Stage 0 is the stem with its max-pool, the others are the residual stages."""
        if index == 0:
            return cast("Tensor", self.maxpool(self.relu(self.bn1(self.conv1(activation)))))
        return cast("Tensor", self.get_submodule(f"layer{index}")(activation))


def _stage(
    block: type[BasicBlock] | type[Bottleneck], channels: int, planes: int, count: int, stride: int, shortcut: Shortcut
) -> nn.Sequential:
    grown = planes * block.expansion
    bridge: nn.Module | None = None
    if (stride != 1 or channels != grown) and shortcut == "pad":
        bridge = PaddedShortcut(stride, grown - channels)
    elif stride != 1 or channels != grown:
        bridge = nn.Sequential(nn.Conv2d(channels, grown, 1, stride, bias=False), nn.BatchNorm2d(grown))
    first = block(channels, planes, stride, bridge)
    return nn.Sequential(first, *(block(grown, planes) for _ in range(count - 1)))


def initialise(module: nn.Module, seed: int) -> None:
    """He initialisation as in torchvision, drawn from its own generator; the global one is not touched."""
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
            nn.init.zeros_(part.bias)
            part.reset_running_stats()


def empty_resnet(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights still unset; draws nothing from the global generator."""
    with torch.random.fork_rng(devices=[]):
        backbone = ResNetBackbone(
            blocks=card.blocks,
            bottleneck=card.bottleneck,
            width=card.width,
            stem=card.stem,
            shortcut=card.shortcut,
        )
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
    shortcut: Shortcut = "conv",
) -> EncoderCard:
    """A card of an untrained ResNet; feature size and parameter count are filled in by ``empty_resnet``."""
    return EncoderCard(
        name=name,
        family="resnet",
        shortcut=shortcut,
        blocks=blocks,
        bottleneck=bottleneck,
        width=width,
        stem=stem,
        mean=mean,
        std=std,
        input_size=input_size,
        feature_dim=0,
        parameters=0,
    )


def random_resnet(card: EncoderCard, seed: int) -> Encoder:
    """The net a card describes with random weights, in evaluation mode."""
    encoder = empty_resnet(card)
    initialise(encoder.backbone, seed)
    return encoder


def random_like(encoder: Encoder, seed: int) -> Encoder:
    """The same net with fresh random weights, on the same device, in evaluation mode."""
    card = msgspec.structs.replace(
        encoder.card,
        name=f"{encoder.card.name} (random weights)",
        method="none: random weights",
        data="none",
        epochs=0,
        seed=seed,
        remarks=(),
        minutes=None,
        sha256="",
        keys_ignored=(),
        probe=None,
        licence="",
    )
    fresh = Encoder(copy.deepcopy(encoder.backbone).requires_grad_(True), card).eval()
    initialise(fresh.backbone, seed)
    return fresh.to(encoder.mean.device)
