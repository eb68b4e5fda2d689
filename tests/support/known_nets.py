"""Branches whose answers can be reckoned by hand."""

from __future__ import annotations

import msgspec
import torch
from torch import Tensor, nn

from tests.support.tiny import tiny_encoder
from zepad_engine.encoders.encoder import Backbone, Encoder

SIDE = 16


class Plain(Backbone):
    """One stage; the subclass says what it does to images (B, 3, S, S)."""

    stage_count = 1
    feature_dim = 1

    def stage(self, activation: Tensor, index: int) -> Tensor:
        return activation


class Weighted(Plain):
    """One feature: the weighted sum of all pixels."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = weights

    def pool(self, activation: Tensor) -> Tensor:
        return (activation * self.weights).sum(dim=(1, 2, 3))[:, None]


class Cornered(Plain):
    """Two features: the brightness of the upper left 4 by 4 pixels, and 1."""

    feature_dim = 2

    def pool(self, activation: Tensor) -> Tensor:
        seen = activation[:, :, :4, :4].mean(dim=(1, 2, 3))
        return torch.stack([seen, torch.ones_like(seen)], dim=1)


class TwoConvs(Backbone):
    """Two convolutions, the first halves the picture; the mean over the picture ends it."""

    stage_count = 2
    feature_dim = 5

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = nn.Conv2d(3, 4, 3, 2, 1)
        self.second = nn.Conv2d(4, 5, 3, 1, 1)
        for weights in self.parameters():
            nn.init.normal_(weights, std=0.4, generator=generator)

    def stage(self, activation: Tensor, index: int) -> Tensor:
        # In place, as nets are written whose blocks begin with their activation.
        return self.first(activation) if index == 0 else torch.relu_(self.second(torch.relu_(activation)))


def encoder_of(backbone: Backbone) -> Encoder:
    """Images pass as they are: no normalisation."""
    card = msgspec.structs.replace(tiny_encoder().card, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Encoder(backbone, card).eval().requires_grad_(False)


def head(rows: list[list[float]]) -> nn.Linear:
    """A linear head without bias; a row for each class."""
    made = nn.Linear(len(rows[0]), len(rows), bias=False)
    made.weight.data = torch.tensor(rows)
    return made.requires_grad_(False)


def weighted_branch(weights: Tensor) -> nn.Sequential:
    """Class 1's logit is the weighted sum of the pixels (3, S, S), class 0's is 0."""
    return nn.Sequential(encoder_of(Weighted(weights)), head([[0.0], [1.0]]))


def cornered_branch() -> nn.Sequential:
    """Class 1's logit rises with the brightness of the upper left corner."""
    return nn.Sequential(encoder_of(Cornered()), head([[0.0, 0.0], [40.0, -20.0]]))


def conv_branch() -> nn.Sequential:
    """Three classes on two convolutions."""
    generator = torch.Generator().manual_seed(4)
    return nn.Sequential(encoder_of(TwoConvs()), head(torch.randn(3, 5, generator=generator).tolist()))


def picture(seed: int = 0, side: int = SIDE) -> Tensor:
    """An image (1, 3, side, side)."""
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(seed))
