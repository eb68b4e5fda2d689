"""Per-image attack that gives an image the features of a clean image of another class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from zepad_engine.adaptive.ascent import ShrinkingAscent
from zepad_engine.adaptive.base import Target
from zepad_engine.adaptive.losses import Objective
from zepad_engine.fields import Range


@dataclass(frozen=True, kw_only=True)
class FeatureMatching(ShrinkingAscent):
    """Lower |f(x') - f(guide)|^2 over the features of all branches side by side; heads and detector are not looked at.

    At each try ``drawn`` examples are drawn. Of those that are of another class than the image's and are answered as
    another, the nearest in feature space is its guide; another draw is another guide. Of the image itself only what it
    is *not* has to be known.
    """

    key: ClassVar[str] = "feature_matching"
    name: ClassVar[str] = "Feature matching"
    summary: ClassVar[str] = "Gives each image the features of a clean image of another class, in every branch at once."
    citation: ClassVar[str] = "Sabour et al., Adversarial Manipulation of Deep Representations, ICLR 2016"

    drawn: Annotated[
        int, Range(low=1, high=1_000_000, label="Guides drawn", step=128, unit="images", help="the nearest is taken")
    ] = 512

    def objective(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Objective:
        """The squared distance to the guide's features, times -1."""
        wanted = self.guides(target, images, labels, generator)
        return lambda moved: -(target.attacked.features(moved) - wanted).square().sum(dim=1)

    def guides(self, target: Target, images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Features (B, D) of a guide for each image (B, 3, H, W) with labels (B,).

        Where every example drawn is of the image's class, or answered as it, the nearest is taken all the same.
        """
        system, chosen = target.attacked, torch.randperm(len(target.examples), generator=generator)[: self.drawn]
        with torch.no_grad():
            drawn = [target.examples[part] for part in chosen.split(target.batch)]
            known = torch.cat([system.features(part) for part in drawn])
            answers = torch.cat([system(part).argmax(dim=1) for part in drawn])
            own = system.features(images)
        theirs = target.example_labels.to(labels.device)[chosen]
        useless = (theirs == labels[:, None]) | (answers == labels[:, None])
        # Features of length 1 per branch lie at most twice the number of branches squared apart.
        return known[(torch.cdist(own, known) + 1e3 * useless).argmin(dim=1)]
