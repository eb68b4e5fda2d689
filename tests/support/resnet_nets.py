"""Nets for the flavour tables of ResNets and Conv4: torchvision's own, narrow, and their renamed tensors."""

from __future__ import annotations

import re
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from tests.support.flavours import Source, State, randomised, under


def narrow(
    block: type[BasicBlock | Bottleneck] = BasicBlock,
    layers: tuple[int, ...] = (1, 1, 1, 1),
    *,
    width: int = 8,
    groups: int = 1,
    width_per_group: int = 64,
    cifar: int | None = None,
) -> ResNet:
    """torchvision's ResNet without fc and ``width`` channels wide; with ``cifar`` a 3x3 stem of that padding."""
    with torch.device("meta"):
        net = ResNet(block, [1, 1, 1, 1], groups=groups, width_per_group=width_per_group)
    net.inplanes = width
    stem = {"kernel_size": 7, "stride": 2, "padding": 3} if cifar is None else {"kernel_size": 3, "padding": cifar}
    net.conv1 = nn.Conv2d(3, width, bias=False, **stem)
    net.bn1 = nn.BatchNorm2d(width)
    for index, count in enumerate(layers):
        stage = net._make_layer(block, width * 2**index, count, stride=1 if index == 0 else 2)
        setattr(net, f"layer{index + 1}", stage)
    if cifar is not None:
        net.maxpool = nn.Identity()
    net.fc = nn.Identity()
    return randomised(net)


def resnet(block: type[BasicBlock | Bottleneck] = BasicBlock, *, cifar: int | None = None, **more: object) -> Source:
    """``narrow`` as the source of a file."""
    net = narrow(block, cifar=cifar, **more)
    return Source(net=net, state=dict(net.state_dict()), tensors=dict(net.state_dict()))


basic = partial(resnet, BasicBlock)
bottleneck = partial(resnet, Bottleneck)
small = partial(resnet, BasicBlock, cifar=1)
wide_stem = partial(resnet, BasicBlock, cifar=2)


class _Padded(nn.Module):
    """He's option A, written anew: every second pixel, a quarter of the new channels as zeros on both sides."""

    def forward(self, activation: Tensor) -> Tensor:
        thinned = activation[:, :, ::2, ::2]
        zeros = torch.zeros_like(thinned)[:, : thinned.shape[1] // 2]
        return torch.cat([zeros, thinned, zeros], dim=1)


class CifarResNet(nn.Module):
    """The ResNet of 6n + 2 layers for CIFAR; option A or B."""

    def __init__(self, blocks: int, *, padded: bool, width: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        for stage in range(3):
            planes = width * 2**stage
            before = planes // 2 if stage else planes
            bridge: nn.Module | None = _Padded()
            if not padded:
                bridge = nn.Sequential(nn.Conv2d(before, planes, 1, 2, bias=False), nn.BatchNorm2d(planes))
            first = BasicBlock(before, planes, 2, bridge) if stage else BasicBlock(planes, planes)
            rest = [BasicBlock(planes, planes) for _ in range(blocks - 1)]
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, *rest))

    def forward(self, images: Tensor) -> Tensor:
        activation = functional.relu(self.bn1(self.conv1(images)))
        for stage in (1, 2, 3):
            activation = self.get_submodule(f"layer{stage}")(activation)
        return activation.mean(dim=(2, 3))


def cifar_resnet(blocks: int, *, padded: bool = True) -> Source:
    net = randomised(CifarResNet(blocks, padded=padded))
    return Source(net=net, state=dict(net.state_dict()), tensors=dict(net.state_dict()))


class _Flat(nn.Sequential):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).flatten(1)


def conv4(width: int = 8, *, nested: bool = False) -> Source:
    """Conv4 numbered in one row or block by block."""
    blocks = []
    for index in range(4):
        before = width if index else 3
        blocks.append((nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)))
    rows = [nn.Sequential(*block) for block in blocks] if nested else [layer for block in blocks for layer in block]
    net = randomised(_Flat(*rows))
    tensors: State = {}
    for index, (conv, norm, _, _) in enumerate(blocks):
        tensors |= under(f"block{index}.conv.", conv.state_dict()) | under(f"block{index}.norm.", norm.state_dict())
    return Source(net=net, state=dict(net.state_dict()), tensors=tensors)


def children_in_a_row(net: ResNet, *left_out: str) -> State:
    """The tensors of ``nn.Sequential(*net.children())`` without the children named."""
    kept = [child for name, child in net.named_children() if name not in (*left_out, "fc")]
    return dict(nn.Sequential(*kept).state_dict())


def shortcuts(state: State) -> State:
    return {name.replace("downsample", "shortcut"): tensor for name, tensor in state.items()}


def hugging_face(state: State) -> State:
    """The names of Hugging Face's ResNetModel."""
    return {_hugging_face(name): tensor for name, tensor in state.items()}


def _hugging_face(name: str) -> str:
    parts = name.split(".")
    kind = {"c": "convolution", "b": "normalization", "0": "convolution", "1": "normalization"}
    if len(parts) == 2:
        return f"embedder.embedder.{kind[parts[0][0]]}.{parts[1]}"
    stage, block = int(parts[0][-1]) - 1, parts[1]
    before = f"encoder.stages.{stage}.layers.{block}"
    if parts[2] == "downsample":
        return f"{before}.shortcut.{kind[parts[3]]}.{parts[4]}"
    return f"{before}.layer.{int(parts[2][-1]) - 1}.{kind[parts[2][0]]}.{parts[3]}"


def simclr_v2(state: State) -> State:
    """The names the usual converter of SimCLR v2 gives: nested lists of blocks, every norm one step deeper."""
    return {_simclr_v2(name): tensor for name, tensor in state.items()}


def _simclr_v2(name: str) -> str:
    parts = name.split(".")
    if len(parts) == 2:
        return f"net.0.{'0' if parts[0] == 'conv1' else '1.0'}.{parts[1]}"
    before = f"net.{parts[0][-1]}.blocks.{parts[1]}"
    if parts[2] == "downsample":
        return f"{before}.projection.{'shortcut' if parts[3] == '0' else 'bn.0'}.{parts[4]}"
    place = 2 * (int(parts[2][-1]) - 1)
    return f"{before}.net.{place if parts[2].startswith('conv') else f'{place + 1}.0'}.{parts[3]}"


def residual_function(state: State) -> State:
    """The names of a well-known collection of nets for CIFAR-100."""
    renamed: State = {}
    for name, tensor in state.items():
        name = re.sub(r"^conv1\.", "conv1.0.", name)
        name = re.sub(r"^bn1\.", "conv1.1.", name)
        name = re.sub(r"^layer(\d)", lambda found: f"conv{int(found[1]) + 1}_x", name)
        name = re.sub(r"\.conv(\d)\.", lambda found: f".residual_function.{3 * int(found[1]) - 3}.", name)
        name = re.sub(r"\.bn(\d)\.", lambda found: f".residual_function.{3 * int(found[1]) - 2}.", name)
        renamed[name.replace("downsample", "shortcut")] = tensor
    return renamed
