"""Recognises the nets of torchvision and timm under any prefix, and which model of its group fits."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import torch
from torch import Tensor, nn

from zepad_engine.architecture import LibraryShape
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Encoder, with_card
from zepad_engine.encoders.family import Candidate, Hints
from zepad_engine.encoders.library import blank, empty_library_net, installed, require_library
from zepad_engine.encoders.library_models import GROUPS, Group, net_of
from zepad_engine.encoders.origin import Origin, origin_of, told_card
from zepad_engine.encoders.weights import Container, Match, Selection, Weights, compare, completed, selections
from zepad_engine.errors import BadCheckpoint
from zepad_engine.execution.folding import folds_exactly
from zepad_engine.shown_names import shown_name

# Worked out from the size of the windows; some versions of the libraries store them, others do not.
_POSITIONS: Final = ("relative_position_index", "relative_coords_table")
_DERIVED: Final = (*_POSITIONS, "attn_mask")
_NOT_TRAINED: Final = (*_DERIVED, "running_mean", "running_var", "num_batches_tracked")
_PROBE_SIDE = 64
# The picture is halved five times.
_SMALLEST_SIDE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCandidate(Candidate):
    """A net of a library in a checkpoint, with its group and the models it fits best; any where timm is missing."""

    group: Group
    shapes: tuple[LibraryShape, ...]


class LibraryFamily:
    """ConvNeXt, Swin, EfficientNet, MobileNet, RegNet and DenseNet, as torchvision or timm name their tensors."""

    name = "library"

    def empty(self, card: EncoderCard) -> Encoder:
        """The net of the card, its weights still unset."""
        return empty_library_net(card)

    def candidates(self, container: Container) -> Iterator[LibraryCandidate]:
        """Every net of these libraries in the container."""
        for group in GROUPS:
            for found in selections(container, group.anchors, group.own):
                selection = _as_the_library_names_it(found, group)
                shapes, match = _fitting(group, selection.tensors)
                yield LibraryCandidate(
                    selection=selection, match=match, looks_like=shapes[0].title, group=group, shapes=shapes
                )

    def build(self, candidate: Candidate, ignored: tuple[str, ...], hints: Hints) -> Encoder:
        """The encoder, with what had to be assumed on its card.

        Raises:
            BadCheckpoint: the user chose images too small for these nets, or a model that does not fit;
                or no model has the windows whose positions the file holds.
            CannotJudge: timm is needed and not installed.
        """
        assert isinstance(candidate, LibraryCandidate)
        require_library(candidate.shapes[0])
        encoder = _model(candidate, ignored, hints)
        backbone, tensors = encoder.backbone, candidate.selection.tensors
        backbone.load_state_dict(completed(tensors, backbone.state_dict()))
        return _checked_for_folding(encoder)


def _model(candidate: LibraryCandidate, ignored: tuple[str, ...], hints: Hints) -> Encoder:
    """The first model in order of preference whose positions are those of the file."""
    for shape in _preferred(candidate, hints):
        encoder = empty_library_net(_card(shape, candidate, ignored, hints))
        if _same_positions(candidate.selection.tensors, encoder.backbone):
            return encoder
    raise BadCheckpoint(
        f"{hints.name} is like a {candidate.shapes[0].title} but holds other relative positions.",
        "Its windows have another size than any model that ZePAD knows.",
        code="encoder.unknown",
    )


def _preferred(candidate: LibraryCandidate, hints: Hints) -> list[LibraryShape]:
    """The fitting models: what the user says, then what our own card names, then the settings, then the usual one.

    Raises:
        BadCheckpoint: the user named a model that does not fit.
    """
    said, told = hints.overrides.model, hints.card.architecture if hints.card else None
    if said is not None:
        chosen = [shape for shape in candidate.shapes if shape.model == said]
        if not chosen:
            fitting = ", ".join(shape.model for shape in candidate.shapes)
            raise BadCheckpoint(f"{hints.name} is no {shown_name(said)}.", f"These fit: {fitting}.")
        return chosen
    wanted = [told.model if isinstance(told, LibraryShape) else "", _named_model(hints)]
    return sorted(candidate.shapes, key=lambda shape: (shape.model != wanted[0], shape.model != wanted[1]))


def _named_model(hints: Hints) -> str:
    """The model that the settings name, without timm's tag of the training (``convnext_tiny.fb_in22k``)."""
    named = hints.setting("architecture", "arch", "model_name", "backbone.name", "model") or ""
    return named.partition(".")[0]


def _card(shape: LibraryShape, candidate: LibraryCandidate, ignored: tuple[str, ...], hints: Hints) -> EncoderCard:
    usual = blank(shape).usual
    origin = origin_of(hints, usual, f"is usual for {shape.model}")
    if origin.input_size < _SMALLEST_SIDE:
        raise BadCheckpoint(
            f"Images of {origin.input_size} pixels are too small for {shape.title}.",
            f"Say a size of {_SMALLEST_SIDE} or more.",
        )
    others = " and ".join(other.model for other in candidate.shapes if other != shape)
    if others and hints.card is None and hints.overrides.model is None:
        named = ", as the settings name it" if shape.model == _named_model(hints) else ""
        differ = f"fit too and differ in {candidate.group.alike}"
        origin = _with_note(origin, f"The net is taken for {shape.model}{named}; {others} would {differ}.")
    bare = EncoderCard(
        name="",
        architecture=shape,
        mean=usual.mean,
        std=usual.std,
        input_size=usual.size,
        feature_dim=0,
        parameters=0,
    )
    return told_card(bare, origin, hints, candidate.selection, ignored)


def _with_note(origin: Origin, note: str) -> Origin:
    return dataclasses.replace(origin, assumptions=(note, *origin.assumptions))


def _checked_for_folding(encoder: Encoder) -> Encoder:
    """The encoder, marked where its features would change if its batch norms were folded."""
    if not any(isinstance(part, nn.BatchNorm2d) for part in encoder.modules()):
        return encoder
    generator = torch.Generator().manual_seed(0)
    if folds_exactly(encoder, torch.rand(2, 3, _PROBE_SIDE, _PROBE_SIDE, generator=generator)):
        return encoder
    encoder.backbone.foldable = False  # type: ignore[assignment]
    marked = msgspec.structs.replace(encoder.card.architecture, folds=False)
    return with_card(encoder, msgspec.structs.replace(encoder.card, architecture=marked))


def _as_the_library_names_it(selection: Selection, group: Group) -> Selection:
    if not group.renames:
        return selection
    tensors: dict[str, Tensor] = {}
    for name, tensor in selection.tensors.items():
        for pattern, replacement in group.renames:
            name = re.sub(pattern, replacement, name)
        # ConvNeXt V2 was first published with these as (1, 1, 1, C).
        tensors[name] = tensor.flatten() if ".mlp.grn." in name else tensor
    return dataclasses.replace(selection, tensors=tensors)


def _fitting(group: Group, tensors: Weights) -> tuple[tuple[LibraryShape, ...], Match]:
    """The models that fit wholly, or the one that comes nearest, and how well."""
    count = sum(tensor.numel() for name, tensor in tensors.items() if not name.endswith(_NOT_TRAINED))
    away = {model: abs(math.log(max(count, 1) / expected)) for model, expected in group.models.items()}
    nearest = min(away.values())
    shapes = [
        LibraryShape(library=group.library, model=model, net=net_of(group, model))
        for model in group.models
        if away[model] == nearest
    ]
    if not installed(group.library):
        return tuple(shapes), Match(found=len(tensors), expected=len(tensors))
    matches = [_match(tensors, shape) for shape in shapes]
    whole = [shape for shape, match in zip(shapes, matches, strict=True) if match.whole]
    best = max(matches, key=lambda match: (match.whole, match.found, -len(match.extra)))
    return tuple(whole) or (shapes[matches.index(best)],), best


def _match(tensors: Weights, shape: LibraryShape) -> Match:
    """How well the tensors fit; stored positions need not be there, but must have the model's shape."""
    expected = blank(shape)
    found = compare(_learned(tensors), _learned(expected.state))
    buffers = {**expected.buffers, **expected.state}
    stored = {name: tensor for name, tensor in tensors.items() if name.endswith(_POSITIONS)}
    wrong = tuple(name for name in stored if name not in buffers or buffers[name].shape != stored[name].shape)
    return dataclasses.replace(found, missing=(*found.missing, *wrong))


def _learned(tensors: Weights) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if not name.endswith(_DERIVED)}


def _same_positions(tensors: Weights, backbone: nn.Module) -> bool:
    own = dict(backbone.named_buffers())
    stored = {name: tensor for name, tensor in tensors.items() if name.endswith(_POSITIONS)}
    return all(torch.allclose(own[name].float(), tensor.float(), atol=1e-2) for name, tensor in stored.items())
