"""Systems of one encoder: the undefended victim and the controls that say what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from zepad_engine.defences.base import Branch, Defence
from zepad_engine.defences.fusion import equal_weights


@dataclass(frozen=True, kw_only=True)
class SingleEncoder(Defence):
    """One encoder and its head."""

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
    """The victim after adversarial fine-tuning, alone: no ensemble."""

    key: ClassVar[str] = "tuned_victim"
    name: ClassVar[str] = "Tuned victim alone"
    summary: ClassVar[str] = "Adversarial fine-tuning without any ensemble."
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
