"""The methods of pre-training: each is a value with its settings, its paper and its loss."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.pretraining.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(ABC):
    """A way to train an encoder from two views of each image.

    Attributes:
        hidden: width of the projection head.
        outputs: length of a projection.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    citation: ClassVar[str]
    uses_labels: ClassVar[bool] = False
    momentum_copy: ClassVar[bool] = False

    hidden: int = 256
    outputs: int = 128

    @abstractmethod
    def loss(self, network: Network, views: Tensor, labels: Tensor | None) -> Tensor:
        """The loss, a scalar, of views (2B, 3, H, W) in [0, 1]: first B first views, then B second views."""

    def after_step(self, network: Network, share: float) -> None:  # noqa: B027 - most methods do nothing
        """Called after each optimiser step; ``share`` (0 to 1) of the training is behind us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimClr(Method):
    """The two views of an image attract, all other pictures in the batch repel.

    Attributes:
        temperature: the softmax temperature, above 0.
    """

    key: ClassVar[str] = "simclr"
    title: ClassVar[str] = "SimCLR"
    citation: ClassVar[str] = (
        "Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020"
    )

    temperature: float = 0.3

    def loss(self, network: Network, views: Tensor, labels: Tensor | None) -> Tensor:  # noqa: ARG002
        """NT-Xent over the batch."""
        return nt_xent(network.project(views).float(), self.temperature)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupCon(Method):
    """Like SimCLR, but all pictures of a class attract each other; needs labels.

    Attributes:
        temperature: the softmax temperature, above 0.
    """

    key: ClassVar[str] = "supcon"
    title: ClassVar[str] = "SupCon"
    citation: ClassVar[str] = "Khosla et al., Supervised Contrastive Learning, NeurIPS 2020"
    uses_labels: ClassVar[bool] = True

    temperature: float = 0.2

    def loss(self, network: Network, views: Tensor, labels: Tensor | None) -> Tensor:
        """The loss with the sum outside the logarithm (L_out in the paper)."""
        own = torch.arange(len(views) // 2, device=views.device) if labels is None else labels
        return supervised_contrast(network.project(views).float(), own, self.temperature)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarlowTwins(Method):
    """The two views' projections agree in each dimension and the dimensions do not repeat each other.

    Attributes:
        redundancy: weight of the off-diagonal terms.
    """

    key: ClassVar[str] = "barlow"
    title: ClassVar[str] = "Barlow Twins"
    citation: ClassVar[str] = (
        "Zbontar et al., Barlow Twins: Self-Supervised Learning via Redundancy Reduction, ICML 2021"
    )

    hidden: int = 512
    outputs: int = 512
    redundancy: float = 0.0051

    def loss(self, network: Network, views: Tensor, labels: Tensor | None) -> Tensor:  # noqa: ARG002
        """Distance of the cross-correlation matrix from the identity."""
        first, second = network.project(views).float().chunk(2)
        return cross_correlation_loss(first, second, self.redundancy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Byol(Method):
    """The encoder predicts what a slow copy of itself makes of the other view.

    Attributes:
        momentum: share of itself the slow copy keeps at each step at the start; rises to 1 on a cosine.
    """

    key: ClassVar[str] = "byol"
    title: ClassVar[str] = "BYOL"
    citation: ClassVar[str] = "Grill et al., Bootstrap Your Own Latent, NeurIPS 2020"
    momentum_copy: ClassVar[bool] = True

    hidden: int = 512
    momentum: float = 0.99

    def loss(self, network: Network, views: Tensor, labels: Tensor | None) -> Tensor:  # noqa: ARG002
        """2 - 2 cos, averaged over both directions."""
        predicted = functional.normalize(network.predict(network.project(views)).float(), dim=1)
        first, second = functional.normalize(network.project_slowly(views).float(), dim=1).chunk(2)
        return 2.0 - 2.0 * (predicted * torch.cat([second, first])).sum(dim=1).mean()

    def after_step(self, network: Network, share: float) -> None:
        """Move the slow copy."""
        network.follow(1.0 - (1.0 - self.momentum) * (math.cos(math.pi * share) + 1.0) / 2.0)


def nt_xent(projections: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss of projections (2B, D), first views before second views."""
    count = len(projections) // 2
    unit = functional.normalize(projections, dim=1)
    logits = (unit @ unit.T / temperature).fill_diagonal_(-torch.inf)
    partners = torch.arange(2 * count, device=projections.device).roll(count)
    return functional.cross_entropy(logits, partners)


def supervised_contrast(projections: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """SupCon's loss of projections (2B, D), first views before second views; ``labels`` (B,)."""
    unit = functional.normalize(projections, dim=1)
    both = torch.cat([labels, labels])
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    alike = (both[:, None] == both[None, :]) & ~itself
    logits = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)
    chances = functional.log_softmax(logits, dim=1).masked_fill(~alike, 0.0)
    return -(chances.sum(dim=1) / alike.sum(dim=1)).mean()


def cross_correlation_loss(first: Tensor, second: Tensor, redundancy: float) -> Tensor:
    """Barlow Twins' loss of projections (B, D) of first and second views, divided by D."""
    correlation = _standardise(first).T @ _standardise(second) / len(first)
    diagonal = correlation.diagonal()
    on_diagonal = (diagonal - 1.0).square().sum()
    off_diagonal = correlation.square().sum() - diagonal.square().sum()
    return (on_diagonal + redundancy * off_diagonal) / len(diagonal)


def _standardise(projections: Tensor) -> Tensor:
    centred = projections - projections.mean(dim=0)
    return centred / (centred.square().mean(dim=0) + 1e-5).sqrt()


METHODS: Final[dict[str, type[Method]]] = {method.key: method for method in (SimClr, SupCon, BarlowTwins, Byol)}
