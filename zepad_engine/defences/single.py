"""Systems of one encoder: the undefended victim, the controls, and the defences that leave it one encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from zepad_engine.branches import Branch
from zepad_engine.defences.base import Defence
from zepad_engine.defences.fusion import equal_weights


@dataclass(frozen=True, kw_only=True)
class SingleEncoder(Defence):
    """One encoder and its head."""

    def answer(self, logits: Tensor) -> Tensor:
        """What the one branch says."""
        return logits[0]

    def weigh(self, logits: Tensor) -> Tensor:
        """All the weight on the one branch."""
        return equal_weights(logits)


@dataclass(frozen=True, kw_only=True)
class Undefended(SingleEncoder):
    """The public encoder as downloaded."""

    key: ClassVar[str] = "undefended"
    name: ClassVar[str] = "Undefended"
    summary: ClassVar[str] = "The encoder as downloaded, with a clean head per task."
    citation: ClassVar[str] = "Baseline of every table in arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("victim",)


@dataclass(frozen=True, kw_only=True)
class RandomEncoder(SingleEncoder):
    """The same network with random weights: what the task gives away without any pre-training."""

    key: ClassVar[str] = "random_encoder"
    name: ClassVar[str] = "Random weights"
    summary: ClassVar[str] = "The same network never trained: how much of the accuracy needs no pre-training at all."
    citation: ClassVar[str] = "Control of this product"
    branches: ClassVar[tuple[Branch, ...]] = ("random",)


@dataclass(frozen=True, kw_only=True)
class TunedVictim(SingleEncoder):
    """The victim after ZePAD's adversarial fine-tuning, alone: no ensemble."""

    key: ClassVar[str] = "tuned_victim"
    name: ClassVar[str] = "Tuned victim alone"
    summary: ClassVar[str] = "ZePAD's adversarial fine-tuning without any ensemble."
    citation: ClassVar[str] = "Stage 1 of Gen-AF, IEEE S&P 2024"
    branches: ClassVar[tuple[Branch, ...]] = ("tuned_victim",)


@dataclass(frozen=True, kw_only=True)
class BenignAlone(SingleEncoder):
    """The benign branch alone: ZePAD without MPAE."""

    key: ClassVar[str] = "zepad_no_mpae"
    name: ClassVar[str] = "ZePAD without MPAE"
    summary: ClassVar[str] = "Only the locally trained encoder answers."
    citation: ClassVar[str] = "Ablation of arXiv 2602.11204"
    branches: ClassVar[tuple[Branch, ...]] = ("benign",)


@dataclass(frozen=True, kw_only=True)
class PgdAt(SingleEncoder):
    """The victim after plain adversarial training on local data."""

    key: ClassVar[str] = "pgd_at"
    name: ClassVar[str] = "PGD-AT"
    summary: ClassVar[str] = "The victim fine-tuned on PGD images with cross-entropy alone."
    citation: ClassVar[str] = "Madry et al., ICLR 2018"
    branches: ClassVar[tuple[Branch, ...]] = ("pgd_at_victim",)


@dataclass(frozen=True, kw_only=True)
class Trades(SingleEncoder):
    """The victim after TRADES on local data."""

    key: ClassVar[str] = "trades"
    name: ClassVar[str] = "TRADES"
    summary: ClassVar[str] = "Fine-tuned for clean accuracy and for answers that do not change under attack."
    citation: ClassVar[str] = "Zhang et al., Theoretically Principled Trade-off, ICML 2019"
    branches: ClassVar[tuple[Branch, ...]] = ("trades_victim",)


@dataclass(frozen=True, kw_only=True)
class Mart(SingleEncoder):
    """The victim after MART on local data."""

    key: ClassVar[str] = "mart"
    name: ClassVar[str] = "MART"
    summary: ClassVar[str] = "Adversarial fine-tuning that gives misclassified images more weight."
    citation: ClassVar[str] = "Wang et al., Misclassification Aware Adversarial Training, ICLR 2020"
    branches: ClassVar[tuple[Branch, ...]] = ("mart_victim",)


@dataclass(frozen=True, kw_only=True)
class GenAf(SingleEncoder):
    """The victim after both stages of Gen-AF."""

    key: ClassVar[str] = "gen_af"
    name: ClassVar[str] = "Gen-AF"
    summary: ClassVar[str] = (
        "Adversarial tuning with genetic regularisation, then clean tuning of the layers robustness needs least."
    )
    citation: ClassVar[str] = "Zhou et al., Securely Fine-tuning Pre-trained Encoders, IEEE S&P 2024"
    branches: ClassVar[tuple[Branch, ...]] = ("gen_af_victim",)


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(SingleEncoder):
    """The victim with a head trained on smoothed labels."""

    key: ClassVar[str] = "label_smoothing"
    name: ClassVar[str] = "Label smoothing"
    summary: ClassVar[str] = "The victim as downloaded; its head is trained on smoothed labels."
    citation: ClassVar[str] = "Stutz et al. and others; as in Rethinking Uncertainty, 2020"
    branches: ClassVar[tuple[Branch, ...]] = ("smoothed_victim",)


@dataclass(frozen=True, kw_only=True)
class EntropyMaximisation(SingleEncoder):
    """The victim with a head that is kept unsure."""

    key: ClassVar[str] = "entropy_maximisation"
    name: ClassVar[str] = "Entropy maximisation"
    summary: ClassVar[str] = "The victim as downloaded; its head is rewarded for answers of high entropy."
    citation: ClassVar[str] = "Pereyra et al., Penalizing Confident Output Distributions, 2017"
    branches: ClassVar[tuple[Branch, ...]] = ("entropic_victim",)


@dataclass(frozen=True, kw_only=True)
class Purified(SingleEncoder):
    """The victim behind a network that cleans its images."""

    key: ClassVar[str] = "purifier"
    name: ClassVar[str] = "Purifier (NRP)"
    summary: ClassVar[str] = "A network in front of the victim undoes what distorts features."
    citation: ClassVar[str] = "Naseer et al., A Self-supervised Approach for Adversarial Robustness, CVPR 2020"
    branches: ClassVar[tuple[Branch, ...]] = ("purified_victim",)


@dataclass(frozen=True, kw_only=True)
class Countered(SingleEncoder):
    """The victim with a counterattack on every image at test time."""

    key: ClassVar[str] = "counterattack"
    name: ClassVar[str] = "Test-time counterattack (DOC)"
    summary: ClassVar[str] = "Each image is pushed away from where it stands before the victim sees it."
    citation: ClassVar[str] = "Directional orthogonal counterattack, 2025, on encoder features"
    branches: ClassVar[tuple[Branch, ...]] = ("countered_victim",)
