"""The families ZePAD knows, asked in this order. A new family is one file and one line here."""

from __future__ import annotations

from typing import Final

import torch

from zepad_engine.card import EncoderCard
from zepad_engine.encoders.conv_family import ConvFamily
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Family, Hints
from zepad_engine.encoders.resnet_family import ResNetFamily
from zepad_engine.encoders.weights import Weights, first_names
from zepad_engine.errors import BadCheckpoint

FAMILIES: Final[tuple[Family, ...]] = (ResNetFamily(), ConvFamily())

_KNOWN = "ZePAD knows ResNets of any depth and width with torchvision's names, and the Conv4 of few-shot learning."


def empty_encoder(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights still unset, in evaluation mode.

    Raises:
        BadCheckpoint: no family has the card's family name.
    """
    for family in FAMILIES:
        if family.name == card.family:
            return family.empty(card)
    raise BadCheckpoint(f"The family {card.family} of {card.name} is not known.", "Use a newer version of ZePAD.")


def build_encoder(weights: Weights, hints: Hints) -> Encoder:
    """Ask the families and build the encoder of the one that fits wholly.

    Raises:
        BadCheckpoint: no family fits, or a weight of the encoder is not a finite number; code ``encoder.unknown``
            where the architecture is not known.
    """
    nearest: Candidate | None = None
    for family in FAMILIES:
        candidate = family.recognises(weights)
        if candidate is not None and candidate.match.whole:
            return _require_finite(family.build(candidate, weights, hints))
        if candidate is not None and (nearest is None or candidate.match.found > nearest.match.found):
            nearest = candidate
    raise _unknown(weights, nearest, hints.name)


def _require_finite(encoder: Encoder) -> Encoder:
    for name, tensor in encoder.backbone.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadCheckpoint(
                f"{encoder.card.name} holds values that are not finite numbers, first in {name}.",
                "The training diverged or the file is damaged; use an earlier checkpoint.",
            )
    return encoder


def _unknown(weights: Weights, nearest: Candidate | None, name: str) -> BadCheckpoint:
    names = f"The file begins with: {first_names(weights)}."
    if nearest is None:
        return BadCheckpoint(f"The architecture of {name} is not known.", f"{_KNOWN} {names}", code="encoder.unknown")
    match, prefix = nearest.match, nearest.selection.prefix or "no prefix"
    return BadCheckpoint(
        f"Only {match.found} of {match.expected} tensors of a {nearest.looks_like} are in {name} (under {prefix}).",
        f"The first that is missing or of another shape is {match.missing[0]}. {_KNOWN} {names}",
        code="encoder.unknown",
    )
