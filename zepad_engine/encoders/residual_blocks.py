"""The two residual blocks of a ResNet, with torchvision's parameter names.

They are ours because importing any net of torchvision brings torch's compiler with it: half the time a worker takes
to start. Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016; the stride of a bottleneck lies
on its 3x3 convolution, as torchvision has it.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn


class _Block(nn.Module):
    """A residual branch and its shortcut, added."""

    relu: nn.ReLU
    downsample: nn.Module | None

    def branch(self, activation: Tensor) -> Tensor:
        """What is added to the shortcut."""
        raise NotImplementedError

    def forward(self, activation: Tensor) -> Tensor:
        """Activation (B, C, h, w) as (B, grown C, h / stride, w / stride)."""
        added = self.branch(activation)
        added += activation if self.downsample is None else self.downsample(activation)
        return cast("Tensor", self.relu(added))


class BasicBlock(_Block):
    """Two 3x3 convolutions."""

    def __init__(self, channels: int, planes: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def branch(self, activation: Tensor) -> Tensor:
        """3x3, 3x3."""
        halfway = self.relu(self.bn1(self.conv1(activation)))
        return cast("Tensor", self.bn2(self.conv2(halfway)))


class Bottleneck(_Block):
    """A 1x1 convolution to ``inner`` channels, a 3x3 one in groups, and a 1x1 one to four times ``planes``."""

    def __init__(
        self, channels: int, planes: int, stride: int, downsample: nn.Module | None, *, inner: int, groups: int
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def branch(self, activation: Tensor) -> Tensor:
        """1x1, 3x3, 1x1."""
        narrowed = self.relu(self.bn1(self.conv1(activation)))
        mixed = self.relu(self.bn2(self.conv2(narrowed)))
        return cast("Tensor", self.bn3(self.conv3(mixed)))
