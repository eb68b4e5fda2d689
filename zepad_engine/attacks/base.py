"""What every universal attack is: a value with declared fields. The base class owns the law, the subclass the idea."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias, cast, final

import torch
from torch import Tensor, nn

from zepad_engine.attacks.budget import project
from zepad_engine.catalogue import FieldValue
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.errors import BadInput
from zepad_engine.fields import Words
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.progress import Progress

# One encoder: a public one, or one that the attacker is assumed to have got hold of.
OneEncoder: TypeAlias = Annotated[
    Literal["victim", "auxiliary", "benign"],
    Words(label="Crafted against", help="victim and auxiliary are public; the benign encoder is the defender's own"),
]

# Activations of 2,500 pictures of 32 px in the second stage of a ResNet-18 are 330 MB.
_MOST_KEPT = 512 * 1024**2


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """A universal perturbation; its repr is the report's recipe line.

    ``norm`` says what bounds it: "linf" the budget epsilon, "patch" the share of the picture that it covers.
    ``step_seconds`` is what one step costs on one core of the reference machine, for estimates.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    citation: ClassVar[str]
    presets: ClassVar[dict[str, dict[str, FieldValue]]] = {}
    norm: ClassVar[Literal["linf", "patch"]] = "linf"
    step_seconds: ClassVar[float] = 0.05

    @final
    def __call__(
        self, encoder: Encoder, surrogate: ImageBank, epsilon: float, *, seed: int, progress: Progress
    ) -> Tensor:
        """Craft one perturbation.

        Args:
            encoder: the encoder of ``origin``, or the `EncoderGroup` of several, prepared by ``Execution.for_attack``.
            surrogate: the attacker's images, N of shape (3, H, W) in [0, 1].
            epsilon: L-inf budget, 0 to 1; a patch has none, but 0 still means that nothing is done.
            seed: decides every random draw.

        Returns:
            float32 (3, H, W) in [-epsilon, epsilon], or a patch (4, H, W); zeros where epsilon is 0.

        Raises:
            BadInput: the perturbation holds values that are no numbers. Cancelled: within one step of a cancel.
        """
        progress.check()
        if epsilon == 0:
            return self._nothing(surrogate)
        generator = torch.Generator(device="cpu").manual_seed(seed)
        crafted = self.craft(encoder, surrogate, epsilon, generator, progress).detach().float().cpu()
        if not torch.isfinite(crafted).all():
            raise BadInput(
                f"{self.name} ended in values that are no numbers.",
                "Lower its learning rate or take another encoder.",
            )
        return project(crafted, epsilon)

    @property
    @abstractmethod
    def origin(self) -> str:
        """What it is crafted against, a key of ``catalogue.ORIGINS``; readable on the class too, as its default."""

    @property
    @abstractmethod
    def total_steps(self) -> int:
        """Optimiser steps one crafting takes, for the report and the estimate; 0 where there is no optimiser."""

    @abstractmethod
    def craft(
        self,
        encoder: Encoder,
        surrogate: ImageBank,
        epsilon: float,
        generator: torch.Generator,
        progress: Progress,
    ) -> Tensor:
        """The idea: a perturbation (3, H, W) or a patch (4, H, W); must report each step to ``progress``."""

    def _nothing(self, surrogate: ImageBank) -> Tensor:
        planes, height, width = surrogate.shape
        return torch.zeros(planes + (self.norm == "patch"), height, width)


@dataclass(frozen=True, kw_only=True)
class EncoderAttack(Attack):
    """An attack on one encoder; which one is for the plan to say."""

    origin: OneEncoder = "victim"


class EncoderGroup(nn.Module):
    """Several encoders attacked at once; each is given the same images and keeps its own features."""

    def __init__(self, members: Sequence[Encoder]) -> None:
        super().__init__()
        self._encoders = nn.ModuleList(members)

    @property
    def members(self) -> tuple[Encoder, ...]:
        """The encoders, in the order of ``catalogue.ORIGINS``."""
        return tuple(cast("Iterable[Encoder]", self._encoders))


def members_of(network: nn.Module) -> tuple[Encoder, ...]:
    """The encoders of a group; of a single encoder itself."""
    return network.members if isinstance(network, EncoderGroup) else (cast("Encoder", network),)


def clean_features(encoder: Encoder, surrogate: ImageBank) -> Tensor:
    """Features (N, D) of the images as they are, computed once for all steps."""
    return surrogate.through(encoder)


class CleanActivations:
    """What a network makes of the images as they are: ``clean[index]``, computed once where the memory allows it."""

    def __init__(self, function: Callable[[Tensor], Tensor], surrogate: ImageBank) -> None:
        self._function, self._surrogate = function, surrogate
        self._kept: Tensor | None = None
        with torch.no_grad():
            one = function(surrogate[:1])
        if one.numel() * one.element_size() * len(surrogate) <= _MOST_KEPT:
            self._kept = surrogate.through(function)

    def __getitem__(self, index: Tensor) -> Tensor:
        if self._kept is not None:
            return self._kept[index]
        with torch.no_grad():
            return self._function(self._surrogate[index])


def uniform_start(surrogate: ImageBank, epsilon: float, generator: torch.Generator) -> Tensor:
    """A perturbation (3, H, W) drawn evenly from [-epsilon, epsilon]."""
    return surrogate.place((torch.rand(surrogate.shape, generator=generator) * 2 - 1) * epsilon)


def shuffled_batches(count: int, batch: int, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """``steps`` index batches, epoch after epoch, each epoch in a new order; short last batches are left out."""
    batch = min(batch, count)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(count, generator=generator)
        yield order[:batch]
        order = order[batch:]
