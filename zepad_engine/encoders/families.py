"""The families ZePAD knows. A new family is one file and one line here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Final

import msgspec
import torch

from zepad_engine.card import EncoderCard, Triple
from zepad_engine.encoders.conv_family import ConvFamily
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Family, Hints
from zepad_engine.encoders.library_family import LibraryFamily
from zepad_engine.encoders.resnet_family import ResNetFamily
from zepad_engine.encoders.vit_family import VitFamily
from zepad_engine.encoders.weights import SEPARATOR, Weights, containers, first_names
from zepad_engine.errors import BadCheckpoint, CannotJudge
from zepad_engine.shown_names import shown_name

FAMILIES: Final[tuple[Family, ...]] = (ResNetFamily(), ConvFamily(), VitFamily(), LibraryFamily())

_KNOWN = (
    "ZePAD knows ResNets of any depth and width with torchvision's names, the Conv4 of few-shot learning, plain vision "
    "transformers with the names of timm, DINO, MAE, torchvision, Hugging Face or CLIP, and ConvNeXt, Swin, "
    "EfficientNet, MobileNet, RegNet and DenseNet with those of torchvision or timm."
)


def empty_encoder(card: EncoderCard) -> Encoder:
    """The net a card describes, its weights still unset, in evaluation mode.

    Raises:
        CannotJudge: a library that builds it is not installed.
    """
    kind = card.architecture.__struct_config__.tag
    return next(family for family in FAMILIES if family.name == kind).empty(card)


def build_encoder(weights: Weights, hints: Hints) -> tuple[Encoder, tuple[str, ...]]:
    """Find the encoder in a checkpoint and build it; where there are several the user must have said which.

    Returns:
        The encoder on the CPU in evaluation mode, and where in the file its tensors lie, in the file's order.

    Raises:
        BadCheckpoint: no family fits, or a weight of the encoder is not a finite number; code ``encoder.unknown``
            where the architecture is not known.
        CannotJudge: several encoders fit, code ``encoder.several``; they are the error's ``choices``.
    """
    inside = containers(weights)
    found = [(each, family) for container in inside for family in FAMILIES for each in family.candidates(container)]
    whole = [pair for pair in found if pair[0].match.whole]
    if not whole:
        raise _unknown(weights, [candidate for candidate, _ in found], hints.name)
    candidate, family = _chosen(whole, hints)
    _require_applicable(family.name, hints)
    hints = dataclasses.replace(hints, normaliser=_normaliser_in(weights))
    used = candidate.selection.used
    ignored = tuple(place for place in weights if place not in used)
    encoder = family.build(candidate, _inner_first(ignored, candidate.selection.container), hints)
    _note_copies(encoder, candidate, [each for each, _ in whole])
    return _require_finite(encoder), tuple(place for place in weights if place in used)


# What can be said of one family only.
_SAYABLE: Final = {"resnet": {"stem"}, "conv": set(), "vit": {"pooling", "heads"}, "library": {"model"}}
_WORDS: Final = {"stem": "stem to choose", "pooling": "tokens to pool", "heads": "heads", "model": "models to choose"}
# timm's nets with the tensors of another and a forward of their own.
_SAME_TENSORS: Final = re.compile(r"resnetaa|resnetblur|_rpn_")


def _require_applicable(family: str, hints: Hints) -> None:
    """Refuse what the user says where it has no meaning, and nets whose tensors are those of another.

    Raises:
        BadCheckpoint: so it is.
    """
    for field in sorted(set(_WORDS) - _SAYABLE[family]):
        if getattr(hints.overrides, field) is not None:
            raise BadCheckpoint(f"{hints.name} has no {_WORDS[field]}.", f"Leave the {field} open.")
    named = hints.setting("architecture", "arch", "model") or ""
    if family in {"resnet", "vit"} and _SAME_TENSORS.search(named):
        raise BadCheckpoint(
            f"{hints.name} is a {shown_name(named)}, which has the tensors of another net and computes something else.",
            "ZePAD does not know this architecture.",
            code="encoder.unknown",
        )


# How models that normalise inside themselves call it.
_NORMALISERS: Final = (("mean", "std"), ("new_mean", "new_std"), ("mu", "sigma"), ("_mean", "_std"))


def _normaliser_in(weights: Weights) -> tuple[Triple, Triple] | None:
    """Mean and deviation that lie in the file as tensors of three numbers; None where there is not exactly one pair."""
    found: dict[tuple[Triple, Triple], None] = {}
    for place, tensor in weights.items():
        before, dot, last = place.rpartition(".")
        for mean, std in _NORMALISERS:
            other = weights.get(f"{before}{dot}{std}") if last == mean else None
            if other is not None and tensor.numel() == other.numel() == 3 and float(other.float().min()) > 0:
                pair = [msgspec.convert(each.float().flatten().tolist(), Triple) for each in (tensor, other)]
                found[pair[0], pair[1]] = None
    return next(iter(found)) if len(found) == 1 else None


def _note_copies(encoder: Encoder, taken: Candidate, whole: list[Candidate]) -> None:
    """Say on the card that slow copies of the encoder lie beside it: nobody was asked about them."""
    copies = [shown_name(each.selection.net) for each in whole if each.selection.is_copy and each is not taken]
    if copies:
        note = f"A slow copy of the encoder lies beside it ({', '.join(copies)}); it was not taken."
        encoder.card = msgspec.structs.replace(encoder.card, assumptions=(*encoder.card.assumptions, note))


def _inner_first(ignored: Iterable[str], container: str) -> tuple[str, ...]:
    """What lies beside the encoder by its bare name, then what lies in other containers."""
    before = container + SEPARATOR if container else ""
    beside = [place for place in ignored if place.startswith(before) and SEPARATOR not in place[len(before) :]]
    known = set(beside)
    return (*(place[len(before) :] for place in beside), *(place for place in ignored if place not in known))


def _chosen(whole: list[tuple[Candidate, Family]], hints: Hints) -> tuple[Candidate, Family]:
    by_net: dict[str, tuple[Candidate, Family]] = {}
    for candidate, family in sorted(whole, key=lambda pair: pair[0].selection.rank()):
        by_net.setdefault(candidate.selection.net, (candidate, family))
    wanted = hints.overrides.net
    # A name is also understood as a sentence shows it, without what joins it to the names of the tensors.
    for net, pair in by_net.items():
        if wanted is not None and net.rstrip("./") == wanted.rstrip("./"):
            return pair
    if wanted is not None:
        raise _no_such_net(hints, tuple(by_net))
    first, *others = by_net.values()
    peers = [first]
    for pair in others:
        if not pair[0].selection.is_copy and not any(_equal(known[0], pair[0]) for known in peers):
            peers.append(pair)
    if len(peers) > 1:
        raise _several(hints.name, tuple(candidate.selection.net for candidate, _ in peers))
    return first


def _equal(one: Candidate, other: Candidate) -> bool:
    mine, theirs = one.selection.tensors, other.selection.tensors
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def _several(name: str, nets: tuple[str, ...]) -> CannotJudge:
    listed = ", ".join(shown_name(net.rstrip("./") or "(no prefix)") for net in nets)
    return CannotJudge(
        f"{name} holds {len(nets)} encoders that differ: {listed}.",
        "Say which one to audit.",
        code="encoder.several",
        choices=nets,
    )


def _no_such_net(hints: Hints, nets: tuple[str, ...]) -> BadCheckpoint:
    listed = ", ".join(shown_name(net.rstrip("./") or "(no prefix)") for net in nets)
    wanted = shown_name(hints.overrides.net or "(no prefix)")
    return BadCheckpoint(f"{hints.name} holds no encoder called {wanted}.", f"It holds: {listed}.")


def _require_finite(encoder: Encoder) -> Encoder:
    for name, tensor in encoder.backbone.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadCheckpoint(
                f"{encoder.card.name} holds values that are not finite numbers, first in {name}.",
                "The training diverged or the file is damaged; use an earlier checkpoint.",
                code="encoder.not_finite",
            )
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise BadCheckpoint(
                f"{encoder.card.name} holds variances below zero, first in {name}.",
                "The file is damaged; use another copy.",
                code="encoder.not_finite",
            )
    return encoder


def _unknown(weights: Weights, found: list[Candidate], name: str) -> BadCheckpoint:
    names = f"The file begins with: {first_names(weights)}."
    if not found:
        return BadCheckpoint(f"The architecture of {name} is not known.", f"{_KNOWN} {names}", code="encoder.unknown")
    nearest = max(found, key=lambda candidate: candidate.match.found)
    match, prefix = nearest.match, shown_name(nearest.selection.net or "no prefix")
    if not match.missing:
        return BadCheckpoint(
            f"{name} is like a {nearest.looks_like} but has {len(match.extra)} tensors more, "
            f"first {shown_name(match.extra[0])}.",
            "ZePAD does not know this architecture; leaving them out would audit another net.",
            code="encoder.unknown",
        )
    return BadCheckpoint(
        f"Only {match.found} of {match.expected} tensors of a {nearest.looks_like} are in {name} (under {prefix}).",
        f"The first that is missing or of another shape is {match.missing[0]}. {_KNOWN} {names}",
        code="encoder.unknown",
    )
