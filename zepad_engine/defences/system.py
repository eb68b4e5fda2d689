"""A defence as one differentiable network, so that an attack can be given the whole of it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zepad_engine.branches import Branch
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.plan import Detector


class System(nn.Module):
    """Images (N, 3, H, W) in [0, 1] in, fused logits (N, K) out; parameters are the branches' own.

    ``models`` are the branches' encoders with their heads, images in, logits (N, K) out. Fusion and detection run in
    float64, as evaluation does from stored logits. ``queries`` counts the images that passed.
    """

    def __init__(self, fitted: FittedDefence, models: Mapping[Branch, nn.Module], detector: Detector) -> None:
        super().__init__()
        self.fitted = fitted
        self.detector = detector
        self.members = nn.ModuleList(models[branch] for branch in fitted.defence.branches)
        self.queries = 0

    def branch_logits(self, images: Tensor) -> Tensor:
        """Logits (B, N, K) of every branch, in the order of the defence's ``branches``."""
        self.queries += len(images)
        return torch.stack([member(images) for member in self.members]).to(torch.float64)

    def answer(self, logits: Tensor) -> Tensor:
        """Fused logits (N, K) of branch logits (B, N, K)."""
        return self.fitted.answer(logits)

    def score(self, logits: Tensor) -> Tensor:
        """Detection scores (N,) of branch logits (B, N, K); zeros where the defence has no detector."""
        found = self.fitted.score(logits, self.detector)
        return torch.zeros_like(logits[0, :, 0]) if found is None else found

    def forward(self, images: Tensor) -> Tensor:
        """Fused logits (N, K)."""
        return self.answer(self.branch_logits(images))

    def features(self, images: Tensor) -> Tensor:
        """Features (N, D1 + D2 + ...) of the branches side by side, each of length 1 per image."""
        self.queries += len(images)
        parts = [nn.functional.normalize(member[0](images), dim=1) for member in self.members]  # type: ignore[index]
        return torch.cat(parts, dim=1)
