"""The stored answers of one task: labels, and every branch's logits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from zepad_engine.branches import Branch
from zepad_engine.defences.base import Defence
from zepad_engine.defences.fitted import FittedDefence, fit_defence

CLEAN, CALIBRATION, NO_ATTACK = "clean", "calibration", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Logits (N, K) per branch and condition; a condition is "clean", "calibration" or an attack's identity.

    ``labels`` are those of the test images, ``calibration_labels`` those of the calibration images.
    """

    task: str
    labels: Tensor
    calibration_labels: Tensor
    logits: dict[Branch, dict[str, Tensor]]

    def stacked(self, branches: tuple[Branch, ...], condition: str) -> Tensor:
        """Logits (B, N, K) in float64, so that sums do not depend on their order."""
        return torch.stack([self.logits[branch][condition] for branch in branches]).to(torch.float64)

    def fitted(self, identity: str, defence: Defence) -> FittedDefence:
        """The defence with what it learns from the calibration images."""
        return fit_defence(identity, defence, self.stacked(defence.branches, CALIBRATION), self.calibration_labels)

    def predictions(self, fitted: FittedDefence, condition: str) -> Tensor:
        """Predicted classes (N,)."""
        return fitted.answer(self.stacked(fitted.defence.branches, condition)).argmax(dim=1)
