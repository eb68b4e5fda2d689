"""Systems of several encoders: ZePAD, its ablations and the ensembles it must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor

from zepad_engine.defences.base import Branch, Defence
from zepad_engine.defences.fusion import confidence_weights, entropy_weights, equal_weights
from zepad_engine.fields import Range, Words

_ZEPAD: tuple[Branch, ...] = ("tuned_victim", "tuned_auxiliary", "benign")


@dataclass(frozen=True, kw_only=True)
class ConfidenceFused(Defence):
    """Branches weighted by their confidence."""

    k: Annotated[
        float,
        Range(low=0, high=20, label="Sharpness k", step=0.5, help="c = m exp(k (m - 1/2)); 3 in the paper"),
    ] = 3.0

    def weigh(self, logits: Tensor) -> Tensor:
        """Share of the confidence c."""
        return confidence_weights(logits, self.k)


@dataclass(frozen=True, kw_only=True)
class CleanEnsemble(ConfidenceFused):
    """The three encoders before any tuning: what an ensemble gives for nothing."""

    key: ClassVar[str] = "clean_ensemble"
    name: ClassVar[str] = "Three clean encoders"
    summary: ClassVar[str] = "Victim, auxiliary and benign encoder fused without any tuning."
    citation: ClassVar[str] = "Ablation of arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("victim", "auxiliary", "benign")


@dataclass(frozen=True, kw_only=True)
class Zepad(ConfidenceFused):
    """MPAE and BMP fused by confidence."""

    key: ClassVar[str] = "zepad"
    name: ClassVar[str] = "ZePAD"
    summary: ClassVar[str] = (
        "Two adversarially tuned encoders and one trained on local clean data, fused by confidence."
    )
    citation: ClassVar[str] = "arXiv 2602.11204, ICLR 2026"
    branches: ClassVar[tuple[Branch, ...]] = _ZEPAD


@dataclass(frozen=True, kw_only=True)
class ZepadWithoutBmp(ConfidenceFused):
    """The two tuned encoders alone."""

    key: ClassVar[str] = "zepad_no_bmp"
    name: ClassVar[str] = "ZePAD without BMP"
    summary: ClassVar[str] = "Only the two tuned encoders answer."
    citation: ClassVar[str] = "Ablation of arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("tuned_victim", "tuned_auxiliary")


@dataclass(frozen=True, kw_only=True)
class MeanFusion(Defence):
    """ZePAD's branches with equal weights: what the confidence weighting adds."""

    key: ClassVar[str] = "mean_fusion"
    name: ClassVar[str] = "ZePAD, plain mean"
    summary: ClassVar[str] = "The same three branches, logits averaged."
    citation: ClassVar[str] = "Variant 'equal' of the released code"
    branches: ClassVar[tuple[Branch, ...]] = _ZEPAD

    def weigh(self, logits: Tensor) -> Tensor:
        """Equal weights."""
        return equal_weights(logits)


@dataclass(frozen=True, kw_only=True)
class EntropyFusion(Defence):
    """ZePAD's branches weighted by entropy."""

    key: ClassVar[str] = "entropy_fusion"
    name: ClassVar[str] = "ZePAD, entropy weights"
    summary: ClassVar[str] = "The same three branches, trusted by how far their entropy is below log K."
    citation: ClassVar[str] = "Variant 'entropy' of the released code, whose sign is inverted"
    branches: ClassVar[tuple[Branch, ...]] = _ZEPAD

    inverted: Annotated[
        bool, Words(label="As released (inverted)", help="the release trusts the least sure branch")
    ] = False

    def weigh(self, logits: Tensor) -> Tensor:
        """Share of log K - H, or of H where inverted."""
        return entropy_weights(logits, inverted=self.inverted)
