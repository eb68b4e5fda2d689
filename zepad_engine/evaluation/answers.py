"""The stored answers of one task: labels, and every branch's logits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from zepad_engine.defences.base import Branch, Defence
from zepad_engine.defences.fusion import fuse

CLEAN, CALIBRATION, NO_ATTACK = "clean", "calibration", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Logits (N, K) per branch and condition; a condition is "clean", "calibration" or an attack's key."""

    task: str
    labels: Tensor
    logits: dict[Branch, dict[str, Tensor]]

    def stacked(self, branches: tuple[Branch, ...], condition: str) -> Tensor:
        """Logits (B, N, K) in float64, so that sums do not depend on their order."""
        return torch.stack([self.logits[branch][condition] for branch in branches]).to(torch.float64)

    def fused(self, defence: Defence, condition: str) -> tuple[Tensor, Tensor]:
        """The defence's logits (N, K) and its weights (B, N)."""
        logits = self.stacked(defence.branches, condition)
        weights = defence.weigh(logits)
        return fuse(logits, weights), weights

    def predictions(self, defence: Defence, condition: str) -> Tensor:
        """Predicted classes (N,)."""
        return self.fused(defence, condition)[0].argmax(dim=1)
