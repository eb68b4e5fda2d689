"""Nets that are like a ResNet or a Conv4 and are none: what a file holds, and words of the refusal."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from tests.support.flavours import State, linear, other, under
from tests.support.resnet_nets import basic, bottleneck, cifar_resnet, conv4, hugging_face, shortcuts, simclr_v2


def _norm(place: str, channels: int) -> State:
    return under(f"{place}.", nn.BatchNorm2d(channels).state_dict())


def _without(state: State, *names: str) -> State:
    assert set(names) <= state.keys()
    return {name: tensor for name, tensor in state.items() if name not in names}


def squeeze_and_excitation() -> State:
    """timm's SE-ResNet."""
    gates = [linear(f"layer{stage}.0.se.fc{index}.", 4, 4) for stage in range(1, 5) for index in (1, 2)]
    return basic().state | {name: tensor for gate in gates for name, tensor in gate.items()}


def deep_stem() -> State:
    """timm's ResNet-18-D: three convolutions for one."""
    stem = {f"conv1.{index}.weight": torch.rand(8, before, 3, 3) for index, before in ((0, 3), (3, 8), (6, 8))}
    return _without(basic().state, "conv1.weight") | stem | _norm("conv1.1", 8) | _norm("conv1.4", 8)


def clip_resnet() -> State:
    """CLIP's ResNet: three convolutions half as wide, and attention for a mean."""
    stem = {f"conv{n}.weight": torch.rand(out, into, 3, 3) for n, out, into in ((1, 4, 3), (2, 4, 4), (3, 8, 4))}
    norms = _norm("bn1", 4) | _norm("bn2", 4) | _norm("bn3", 8)
    attention = {"attnpool.positional_embedding": torch.rand(50, 256), **linear("attnpool.q_proj.", 256, 256)}
    return under("visual.", {**bottleneck().state, **stem, **norms, **attention})


def anti_aliased() -> State:
    """A bottleneck whose last convolution follows a blur."""
    state = bottleneck().state
    moved = {f"layer2.0.conv3.{part}": tensor for part, tensor in (("1.weight", state["layer2.0.conv3.weight"]),)}
    return {**_without(state, "layer2.0.conv3.weight"), **moved, "layer2.0.conv3.0.filt": torch.rand(16, 1, 3, 3)}


def selective_kernels() -> State:
    """SimCLR v2 with selective kernels in place of each block's 3x3 convolution."""
    state = simclr_v2(bottleneck().state)
    mixing = {f"net.{stage}.blocks.0.net.2.mixing_conv.0.weight": torch.rand(32, 8, 1, 1) for stage in range(1, 5)}
    return _without(state, *(f"net.{stage}.blocks.0.net.2.weight" for stage in range(1, 5))) | mixing


def pre_activation() -> State:
    """A ResNet whose norms stand before the convolutions: the last one is as wide as the features."""
    return {**basic().state, **_norm("bn1", 64)}


def transposed() -> State:
    return {name: tensor.transpose(0, -1) if tensor.ndim == 4 else tensor for name, tensor in basic().state.items()}


def input_norm() -> State:
    """lightly's SimCLR of 2020: a norm of the pictures themselves stands first in the row."""
    row = {"1.weight": torch.rand(8, 3, 3, 3), **_norm("0", 3), **_norm("2", 8)}
    blocks = {name: tensor for name, tensor in basic().state.items() if name.startswith("layer")}
    return under("features.", row | {f"{int(name[5]) + 2}{name[6:]}": tensor for name, tensor in blocks.items()})


def mixer() -> State:
    """An MLP-Mixer: no convolution but that of the patches."""
    block = {**linear("mlp_tokens.fc1.", 8, 4), **linear("mlp_channels.fc1.", 32, 8)}
    return {"stem.proj.weight": torch.rand(8, 3, 16, 16), **under("blocks.0.", block)}


# Name, tensors, words of the refusal.
UNKNOWN: tuple[tuple[str, Callable[[], State], str], ...] = (
    ("squeeze-and-excitation", squeeze_and_excitation,
     "is like a ResNet 1-1-1-1, width 8 (without squeeze-and-excitation) but has 16 tensors more, "
     "first layer1.0.se.fc1.bias"),
    ("deep stem", deep_stem, "Only 59 of 60 tensors of a ResNet 1-1-1-1, width 8 (without a stem of several convolu"),
    ("CLIP's ResNet", clip_resnet, "of 85 tensors of a ResNet 1-1-1-1, width 8 (without CLIP's attention pooling)"),
    ("anti-aliased", anti_aliased, "Only 84 of 85 tensors of a ResNet 1-1-1-1, width 8 (without anti-aliasing)"),
    ("selective kernels", selective_kernels, "81 of 85 tensors of a ResNet 1-1-1-1, width 8 (without selective ke"),
    ("pre-activation", pre_activation, "Only 56 of 60 tensors of a ResNet 1-1-1-1, width 8"),
    ("transposed kernels", transposed, "of 60 tensors of a ResNet"),
    ("norm of the pictures", input_norm, "(without a norm of the pictures) but has 5 tensors more"),
    ("two shortcuts for one", lambda: shortcuts(other(basic().state)) | basic().state, "but has 18 tensors more"),
    ("VGG", lambda: dict(make_layers(cfgs["A"], batch_norm=True).state_dict()), "is not known"),
    ("MLP-Mixer", mixer, "is not known"),
    ("a projector alone", lambda: linear("projector.0.", 8, 8) | linear("projector.2.", 8, 8), "is not known"),
    ("a greyscale stem", lambda: basic().state | {"conv1.weight": torch.rand(8, 1, 7, 7)}, "Only 59 of 60"),
    ("a stem short", lambda: _without(basic().state, "conv1.weight"), "Only 59 of 60"),
    ("a statistic short", lambda: _without(basic().state, "bn1.running_var"), "Only 59 of 60"),
    ("a block's convolution short", lambda: _without(basic().state, "layer2.0.conv1.weight"), "Only 59 of 60"),
    ("a shortcut short", lambda: _without(basic().state, "layer3.0.downsample.0.weight"), "Only 59 of 60"),
    ("the last norm short", lambda: _without(cifar_resnet(3).state, "layer3.2.bn2.bias"), "Only 94 of 95"),
    ("Hugging Face, a norm short",
     lambda: _without(hugging_face(basic().state), "encoder.stages.1.layers.0.layer.0.normalization.weight"),
     "Only 59 of 60"),
    ("Conv4, a bias short", lambda: _without(conv4().state, "4.bias"), "Only 23 of 24 tensors of a Conv4, width 8"),
    ("Conv4, a norm of another width", lambda: conv4().state | {"5.weight": torch.rand(9)}, "Only 23 of 24"),
)  # fmt: skip
