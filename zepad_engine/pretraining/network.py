"""What is trained together: the encoder, its projection head and, for BYOL, a predictor and a slow copy."""

from __future__ import annotations

import copy
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from zepad_engine.encoders.encoder import Encoder

Part = TypeVar("Part", bound=nn.Module)


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two layers with batch normalisation between them, the projection head of the four methods."""
    return nn.Sequential(
        nn.Linear(inputs, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, outputs)
    )


class Network(nn.Module):
    """The encoder and the heads that are thrown away afterwards."""

    def __init__(self, encoder: Encoder, *, hidden: int, outputs: int, momentum_copy: bool, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.projector = mlp(encoder.card.feature_dim, hidden, outputs)
            self.predictor = mlp(outputs, hidden, outputs) if momentum_copy else None
        self.slow_encoder: Encoder | None = _frozen(encoder) if momentum_copy else None
        self.slow_projector: nn.Sequential | None = _frozen(self.projector) if momentum_copy else None

    def project(self, views: Tensor) -> Tensor:
        """Projections (B, outputs) of views (B, 3, H, W) in [0, 1]."""
        return cast("Tensor", self.projector(self.encoder(views)))

    def predict(self, projections: Tensor) -> Tensor:
        """BYOL's prediction (B, outputs) of the slow copy's projection of the other view."""
        if self.predictor is None:
            return projections
        return cast("Tensor", self.predictor(projections))

    @torch.no_grad()
    def project_slowly(self, views: Tensor) -> Tensor:
        """Projections (B, outputs) by the slow copy, without gradient."""
        if self.slow_encoder is None or self.slow_projector is None:
            return self.project(views)
        return cast("Tensor", self.slow_projector(self.slow_encoder(views)))

    @torch.no_grad()
    def follow(self, momentum: float) -> None:
        """Move the slow copy by ``1 - momentum`` towards the encoder; without a slow copy, nothing happens."""
        if self.slow_encoder is None or self.slow_projector is None:
            return
        pairs = ((self.slow_encoder, self.encoder), (self.slow_projector, self.projector))
        for slow, quick in pairs:
            for target, source in zip(slow.parameters(), quick.parameters(), strict=True):
                target.lerp_(source, 1.0 - momentum)


def _frozen(part: Part) -> Part:
    return copy.deepcopy(part).requires_grad_(False)
