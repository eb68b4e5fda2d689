"""Systems of several encoders: ZePAD, its ablations and the ensembles it must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from torch import Tensor

from zepad_engine.branches import ZEPAD, Branch
from zepad_engine.defences.base import Defence
from zepad_engine.defences.detector import detection_scores, disagreement_scores
from zepad_engine.defences.fusion import Fusion, capped, fuse, mean_probabilities, weights_of
from zepad_engine.fields import Range, Words
from zepad_engine.plan import Detector


@dataclass(frozen=True, kw_only=True)
class Fused(Defence):
    """Branches fused in one of the ways of ``fusion.py``."""

    fusion: Annotated[
        Fusion,
        Words(label="Fusion", help="confidence = the paper's; entropy_inverted = as released"),
    ] = "confidence"
    k: Annotated[
        float,
        Range(low=0, high=20, label="Sharpness k", step=0.5, help="c = m exp(k (m - 1/2)); 3 in the paper"),
    ] = 3.0
    cap: Annotated[
        float,
        Range(low=0.5, high=1.0, label="Largest weight", step=0.05, help="of one branch; 1 = as the paper has it"),
    ] = 1.0
    temperature: Annotated[
        bool, Words(label="Temperature per branch", help="fitted on calibration images before fusing")
    ] = False

    @property
    def calibrated(self) -> bool:
        """Where the plan asks for temperatures."""
        return self.temperature

    def answer(self, logits: Tensor) -> Tensor:
        """Fused as ``fusion`` says."""
        if self.fusion == "mean_probabilities":
            return mean_probabilities(logits)
        return fuse(logits, self.weigh(logits))

    def weigh(self, logits: Tensor) -> Tensor:
        """The branches' weights; equal ones where probabilities are averaged."""
        return capped(weights_of(self.fusion, logits, self.k), self.cap)


@dataclass(frozen=True, kw_only=True)
class CleanEnsemble(Fused):
    """The three encoders before any tuning: what an ensemble gives for nothing."""

    key: ClassVar[str] = "clean_ensemble"
    name: ClassVar[str] = "Three clean encoders"
    summary: ClassVar[str] = "Victim, auxiliary and benign encoder fused without any tuning."
    citation: ClassVar[str] = "Ablation of arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("victim", "auxiliary", "benign")


@dataclass(frozen=True, kw_only=True)
class Watched(Fused):
    """Three branches, the last of them the benign one, that can also tell a perturbed image (paper 3.5)."""

    branches: ClassVar[tuple[Branch, ...]] = ZEPAD

    watch: Annotated[
        Literal["confidence", "disagreement"],
        Words(label="Detector", help="confidence = MPAE minus BMP, the paper's; disagreement = of all branches"),
    ] = "confidence"

    def score(self, logits: Tensor, detector: Detector) -> Tensor | None:
        """As ``watch`` says."""
        if self.watch == "disagreement":
            return disagreement_scores(logits)
        return detection_scores(logits[:2], logits[2], detector, self.k)


@dataclass(frozen=True, kw_only=True)
class TunedEnsemble(Watched):
    """All three encoders adversarially tuned: ZePAD's cost without its clean branch."""

    key: ClassVar[str] = "tuned_ensemble"
    name: ClassVar[str] = "Three tuned encoders"
    summary: ClassVar[str] = "Victim, auxiliary and benign encoder, each adversarially tuned, fused."
    citation: ClassVar[str] = "Control of this product, asked for by the reviews of arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("tuned_victim", "tuned_auxiliary", "tuned_benign")


@dataclass(frozen=True, kw_only=True)
class Zepad(Watched):
    """MPAE and BMP fused by confidence."""

    key: ClassVar[str] = "zepad"
    name: ClassVar[str] = "ZePAD"
    summary: ClassVar[str] = (
        "Two adversarially tuned encoders and one trained on local clean data, fused by confidence."
    )
    citation: ClassVar[str] = "arXiv 2602.11204, ICLR 2026"


@dataclass(frozen=True, kw_only=True)
class ZepadWithoutBmp(Fused):
    """The two tuned encoders alone."""

    key: ClassVar[str] = "zepad_no_bmp"
    name: ClassVar[str] = "ZePAD without BMP"
    summary: ClassVar[str] = "Only the two tuned encoders answer."
    citation: ClassVar[str] = "Ablation of arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("tuned_victim", "tuned_auxiliary")


@dataclass(frozen=True, kw_only=True)
class ZepadOneTuned(Fused):
    """One tuned encoder and the benign one: how the paper's row "tuned, no MPAE, BMP" is read here."""

    key: ClassVar[str] = "zepad_one_tuned"
    name: ClassVar[str] = "ZePAD with one tuned encoder"
    summary: ClassVar[str] = "The tuned victim and the benign encoder, without the second tuned encoder."
    citation: ClassVar[str] = "Ablation of arXiv 2602.11204, whose row does not say what it keeps"
    branches: ClassVar[tuple[Branch, ...]] = ("tuned_victim", "benign")


@dataclass(frozen=True, kw_only=True)
class MeanFusion(Watched):
    """ZePAD's branches with equal weights: what the confidence weighting adds."""

    key: ClassVar[str] = "mean_fusion"
    name: ClassVar[str] = "ZePAD, plain mean"
    summary: ClassVar[str] = "The same three branches, logits averaged."
    citation: ClassVar[str] = "Variant 'equal' of the released code"

    fusion: Annotated[Fusion, Words(label="Fusion")] = "mean_logits"


@dataclass(frozen=True, kw_only=True)
class EntropyFusion(Watched):
    """ZePAD's branches weighted by entropy."""

    key: ClassVar[str] = "entropy_fusion"
    name: ClassVar[str] = "ZePAD, entropy weights"
    summary: ClassVar[str] = "The same three branches, trusted by how far their entropy is below log K."
    citation: ClassVar[str] = "Variant 'entropy' of the released code, whose sign is inverted"

    fusion: Annotated[
        Fusion, Words(label="Fusion", help="entropy_inverted = as released: it trusts the least sure branch")
    ] = "entropy"
