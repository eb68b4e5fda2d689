"""Recognises Conv4 under any prefix: four 3x3 convolutions in a row, each with a norm after it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from torch import Tensor

from zepad_engine.architecture import ConvShape
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.conv import CONV_STAGES, empty_conv
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Hints
from zepad_engine.encoders.origin import PLAIN, origin_of, told_card
from zepad_engine.encoders.weights import MOST_NETS, Container, Match, Selection, Weights, completed

_NORM_PARTS = ("weight", "bias", "running_mean", "running_var")
_NORM_WORDS = ("norm", "bn", "BN", "normalize", "batchnorm", "batch_norm")
# What each block must have beside its kernel, all as long as the net is wide.
_VECTORS = ("conv.bias", *(f"norm.{part}" for part in _NORM_PARTS))


class ConvFamily:
    """Conv4 with numbered layers: ``encoder.0, encoder.1, encoder.4 ...`` or ``encoder.0.0, encoder.0.1 ...``."""

    name = "conv"

    def empty(self, card: EncoderCard) -> Encoder:
        """The net of the card, its weights still unset."""
        return empty_conv(card)

    def candidates(self, container: Container) -> Iterator[Candidate]:
        """Every Conv4 of a container that has no other convolutions."""
        kernels: dict[str, list[str]] = {}
        for name, tensor in container.tensors.items():
            if tensor.ndim == 4:
                kernels.setdefault(_before_numbers(name), []).append(name)
        chains = [sorted(names, key=_natural) for names in kernels.values()]
        if all(_is_chain(names, container.tensors) for names in chains[:MOST_NETS]):
            yield from (_candidate(container, names) for names in chains[:MOST_NETS])

    def build(self, candidate: Candidate, ignored: tuple[str, ...], hints: Hints) -> Encoder:
        """The encoder, with what had to be assumed on its card.

        Raises:
            BadCheckpoint: the normalisation or the size the user chose cannot be.
        """
        selection = candidate.selection
        width = int(selection.tensors["block0.conv.weight"].shape[0])
        origin = origin_of(hints, PLAIN, "is usual for Conv4")
        encoder = empty_conv(told_card(_card(width), origin, hints, selection, ignored))
        encoder.backbone.load_state_dict(completed(selection.tensors, encoder.backbone.state_dict()))
        return encoder


def _candidate(container: Container, kernels: list[str]) -> Candidate:
    """The net of four kernels in a row; where a norm or a bias is missing, it fits in part."""
    inside, width = container.tensors, container.tensors[kernels[0]].shape[0]
    names = _original_names(inside, kernels)
    found = {own: name for own, name in names.items() if name in inside}
    missing = tuple(own for own, name in names.items() if own.endswith(_VECTORS) and _length(inside.get(name)) != width)
    expected = CONV_STAGES * (1 + len(_VECTORS))
    return Candidate(
        selection=Selection(
            container=container.name,
            prefix=_before_numbers(kernels[0]),
            tensors={own: inside[name] for own, name in found.items()},
            used=frozenset(container.places[name] for name in found.values()),
        ),
        match=Match(found=expected - len(missing), expected=expected, missing=missing),
        looks_like=f"Conv4, width {width}",
    )


def _length(tensor: Tensor | None) -> int:
    return tensor.shape[0] if tensor is not None and tensor.ndim == 1 else -1


def _original_names(inside: Weights, kernels: list[str]) -> dict[str, str]:
    """Our name to the file's name of each tensor of a Conv4."""
    names: dict[str, str] = {}
    for index, kernel in enumerate(kernels):
        norm = _norm_after(kernel, inside)
        names |= {f"block{index}.norm.{part}": f"{norm}.{part}" for part in (*_NORM_PARTS, "num_batches_tracked")}
        conv = kernel.removesuffix(".weight")
        names |= {f"block{index}.conv.{part}": f"{conv}.{part}" for part in ("weight", "bias")}
    return names


def _is_chain(kernels: list[str], inside: Weights) -> bool:
    """Whether these are four 3x3 kernels that lead from three channels to one width and keep it, pools between them."""
    width = inside[kernels[0]].shape[0]
    shapes = [tuple(inside[name].shape) for name in kernels]
    return shapes == [(width, before, 3, 3) for before in (3, width, width, width)] and not _crowded(kernels)


def _crowded(kernels: list[str]) -> bool:
    """Whether layers of one list are numbered too closely for a max-pool between two blocks, as in VGG."""
    layers = [name.removesuffix(".weight").rpartition(".") for name in kernels]
    if len({before for before, _, _ in layers}) > 1 or not all(last.isdecimal() for _, _, last in layers):
        return False
    return any(int(after[2]) - int(before[2]) < 4 for before, after in itertools.pairwise(layers))


def _before_numbers(name: str) -> str:
    """The words of a name up to the one with its first number: ``encoder.`` of ``encoder.block0.conv.weight``."""
    before = re.split(r"\d", name, maxsplit=1)[0]
    return before[: before.rfind(".") + 1]


def _natural(name: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _norm_after(kernel: str, inside: Weights) -> str:
    """The norm after a convolution: ``encoder.5`` after ``encoder.4.weight``, or the one norm in the same block."""
    before, _, last = kernel.removesuffix(".weight").rpartition(".")
    if last.isdecimal():
        return f"{before}.{int(last) + 1}" if before else str(int(last) + 1)
    norms = [f"{before}.{word}" for word in _NORM_WORDS if f"{before}.{word}.running_mean" in inside]
    return norms[0] if len(norms) == 1 else f"{before}.norm"


def _card(width: int) -> EncoderCard:
    return EncoderCard(
        name="",
        architecture=ConvShape(width=width),
        mean=PLAIN.mean,
        std=PLAIN.std,
        input_size=PLAIN.size,
        feature_dim=0,
        parameters=0,
    )
