"""Recognises Conv4 under any prefix: four 3x3 convolutions in a row, each with a norm after it."""

from __future__ import annotations

import itertools
import re
from typing import Final

from torch import Tensor

from zepad_engine.card import EncoderCard, Stem, Triple
from zepad_engine.encoders.conv import CONV_STAGES, empty_conv
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Hints
from zepad_engine.encoders.origin import Origin, told_card
from zepad_engine.encoders.weights import Match, Selection, Weights, completed, containers
from zepad_engine.errors import BadCheckpoint

_STEM: Final = Stem(kernel=3, stride=1, padding=1, pool=True)
_NO_MEAN: Triple = (0.0, 0.0, 0.0)
_NO_STD: Triple = (1.0, 1.0, 1.0)
_USUAL_SIZE = 84
_NORM_PARTS = ("weight", "bias", "running_mean", "running_var")


class ConvFamily:
    """Conv4 with numbered layers: ``encoder.0, encoder.1, encoder.4 ...`` or ``encoder.0.0, encoder.0.1 ...``."""

    name = "conv"

    def empty(self, card: EncoderCard) -> Encoder:
        """The net of the card, its weights still unset."""
        return empty_conv(card)

    def recognises(self, weights: Weights) -> Candidate | None:
        """The first Conv4 in the weights, or None."""
        for container, inside in containers(weights).items():
            names = _original_names(inside)
            if names:
                return _candidate(container, inside, names)
        return None

    def build(self, candidate: Candidate, weights: Weights, hints: Hints) -> Encoder:
        """The encoder, with what had to be assumed on its card.

        Raises:
            BadCheckpoint: the user chose a stem, which Conv4 has not.
        """
        selection = candidate.selection
        inside = containers(weights)[selection.container]
        used = set(_original_names(inside).values())
        ignored = tuple(name for name in inside if name not in used)
        width = int(selection.tensors["block0.conv.weight"].shape[0])
        origin = _origin(hints)
        encoder = empty_conv(told_card(_card(width), origin, hints, selection, ignored))
        encoder.backbone.load_state_dict(completed(selection.tensors, encoder.backbone.state_dict()))
        return encoder


def _candidate(container: str, inside: Weights, names: dict[str, str]) -> Candidate:
    tensors = {own: inside[original] for own, original in names.items()}
    first = names["block0.conv.weight"]
    prefix = re.split(r"\d", first, maxsplit=1)[0]
    selection = Selection(container=container, prefix=prefix, tensors=tensors)
    match = Match(found=len(tensors), expected=len(tensors), missing=())
    return Candidate(selection=selection, match=match, looks_like="Conv4")


def _original_names(inside: Weights) -> dict[str, str]:
    """Our name to the file's name of each tensor of a Conv4; empty where this is none."""
    kernels = sorted((name for name, tensor in inside.items() if tensor.ndim == 4), key=_natural)
    if len(kernels) != CONV_STAGES or not _chain([inside[name] for name in kernels]) or _crowded(kernels):
        return {}
    found: dict[str, str] = {}
    for index, kernel in enumerate(kernels):
        norm = _next(kernel)
        parts = {f"block{index}.norm.{part}": f"{norm}.{part}" for part in _NORM_PARTS}
        parts |= {
            f"block{index}.conv.{part}": f"{kernel.removesuffix('.weight')}.{part}" for part in ("weight", "bias")
        }
        if any(name not in inside or inside[name].shape[0] != inside[kernel].shape[0] for name in parts.values()):
            return {}
        found |= parts
        if f"{norm}.num_batches_tracked" in inside:
            found[f"block{index}.norm.num_batches_tracked"] = f"{norm}.num_batches_tracked"
    return found


def _chain(kernels: list[Tensor]) -> bool:
    """Whether these are 3x3 kernels that lead from three channels to one width and keep it."""
    width = kernels[0].shape[0]
    shapes = [tuple(kernel.shape) for kernel in kernels]
    return shapes == [(width, before, 3, 3) for before in (3, width, width, width)]


def _crowded(kernels: list[str]) -> bool:
    """Whether layers of one list are numbered too closely for a max-pool between two blocks, as in VGG."""
    layers = [name.removesuffix(".weight").rpartition(".") for name in kernels]
    if len({before for before, _, _ in layers}) > 1 or not all(last.isdecimal() for _, _, last in layers):
        return False
    return any(int(after[2]) - int(before[2]) < 4 for before, after in itertools.pairwise(layers))


def _natural(name: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _next(kernel: str) -> str:
    """The norm after a convolution: ``encoder.5`` after ``encoder.4.weight``, our own ``norm`` after ``conv``."""
    before, _, last = kernel.removesuffix(".weight").rpartition(".")
    return f"{before}.{int(last) + 1}" if last.isdecimal() else f"{before}.norm"


def _origin(hints: Hints) -> Origin:
    user, card = hints.overrides, hints.card
    if user.stem is not None and user.stem != _STEM:
        raise BadCheckpoint(f"{hints.name} is a Conv4, whose first convolution is fixed.", "Leave the stem open.")
    notes: tuple[str, ...] = ()
    if card is None and (user.mean is None or user.std is None):
        notes += (
            "The encoder is taken to want plain values from 0 to 1, as is usual for Conv4; the file does not say.",
        )
    if card is None and user.input_size is None:
        notes += (f"Images are taken to be {_USUAL_SIZE} pixels wide, as is usual for Conv4; the file does not say.",)
    return Origin(
        stem=_STEM,
        mean=user.mean or (card.mean if card else _NO_MEAN),
        std=user.std or (card.std if card else _NO_STD),
        input_size=user.input_size or (card.input_size if card else _USUAL_SIZE),
        assumptions=notes,
    )


def _card(width: int) -> EncoderCard:
    return EncoderCard(
        name="",
        family="conv",
        blocks=(1,) * CONV_STAGES,
        bottleneck=False,
        width=width,
        stem=_STEM,
        mean=_NO_MEAN,
        std=_NO_STD,
        input_size=_USUAL_SIZE,
        feature_dim=0,
        parameters=0,
    )
