"""X-Transfer (Huang et al., ICML 2025): one perturbation against several encoders at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from zepad_engine.attacks.base import clean_features, members_of
from zepad_engine.attacks.budget import perturb
from zepad_engine.attacks.pixel_descent import PixelDescent
from zepad_engine.attacks.sign_steps import Pushed
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.fields import Range, Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.objectives import info_nce


@dataclass(frozen=True, kw_only=True)
class XTransfer(PixelDescent):
    """Raise AdvEncoder's InfoNCE of clean and perturbed features in every encoder of a group.

    The paper draws a few encoders a step out of a large search space, those that are hurt least; a group of two or
    three is taken whole, which leaves its choice to ``combine``. The paper's loss for images alone, the cosine of the
    two features, was weaker here: victim 49 %, by InfoNCE 45 % (bundled pair, 240 steps, one seed).
    """

    key: ClassVar[str] = "x_transfer"
    name: ClassVar[str] = "X-Transfer"
    summary: ClassVar[str] = "Moves the features of several encoders at once, so that no one of them is a refuge."
    citation: ClassVar[str] = "Huang et al., X-Transfer Attacks, ICML 2025; here without its search among encoders"
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {
        "quick": {"steps": 240, "batch": 64},
        "standard": {"steps": 720, "batch": 64},
        "paper": {"steps": 3920, "batch": 256},
    }
    series: ClassVar[str] = "info_nce"

    step_seconds: ClassVar[float] = 0.09

    origin: Annotated[
        Literal["public_pair", "originals"],
        Words(label="Crafted against", help="victim and auxiliary, or these and the benign encoder"),
    ] = "public_pair"
    combine: Annotated[
        Literal["sum", "max"], Words(label="Combine by", help="max: of each image the encoder that is hurt least")
    ] = "sum"

    temperature: Annotated[float, Range(low=0.01, high=10.0, label="InfoNCE temperature", step=0.05)] = 0.1

    def objective(self, encoder: Encoder, surrogate: ImageBank) -> Pushed:
        """The combined loss of a batch; the mean InfoNCE over the encoders is plotted."""
        members = members_of(encoder)
        clean = [clean_features(member, surrogate) for member in members]

        def objective(index: Tensor, crafted: Tensor) -> tuple[Tensor, float]:
            moved = perturb(surrogate[index], crafted, clamp=self.clamp)
            shifts = [
                info_nce(before[index], member(moved), self.temperature, each=True)
                for member, before in zip(members, clean, strict=True)
            ]
            return self.combined(-torch.stack(shifts)), float(torch.stack(shifts).detach().mean())

        return objective

    def combined(self, losses: Tensor) -> Tensor:
        """One loss out of losses (encoders, B): each image's sum, or its largest, meaned over the images."""
        each = losses.sum(dim=0) if self.combine == "sum" else losses.amax(dim=0)
        return each.mean()
