"""Recognises plain vision transformers under any prefix and in any of the usual names, and builds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from torch import Tensor

from zepad_engine.architecture import VitShape
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.family import Candidate, Hints
from zepad_engine.encoders.origin import CLIP, IMAGENET, Origin, Usual, origin_of, told_card
from zepad_engine.encoders.vit import blank_vit, empty_vit, require_side, resized_positions
from zepad_engine.encoders.vit_names import HALF, Dialect, spoken
from zepad_engine.encoders.vit_settings import Settled, settled
from zepad_engine.encoders.vit_shape import judged, shape_of
from zepad_engine.encoders.weights import Container, compare, completed
from zepad_engine.errors import BadCheckpoint, BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class VitCandidate(Candidate):
    """A vision transformer in a checkpoint.

    Attributes:
        dialect: whose names it had.
        marks: what else in the file tells who wrote it: ``mae``, ``openai`` or ``moco``.
    """

    dialect: Dialect
    marks: frozenset[str]


class VitFamily:
    """Plain vision transformers: timm, DINO, DINOv2, MAE, MoCo v3, torchvision, Hugging Face, CLIP and open_clip."""

    name = "vit"

    def empty(self, card: EncoderCard) -> Encoder:
        """The net of the card, its weights still unset."""
        return empty_vit(card)

    def candidates(self, container: Container) -> Iterator[Candidate]:
        """Every vision transformer in the container."""
        for dialect, selection in spoken(container):
            shape = shape_of(selection.tensors)
            if shape is not None:
                match = judged(compare(selection.tensors, blank_vit(shape).state_dict()))
                yield VitCandidate(
                    selection=selection,
                    match=match,
                    looks_like=shape.title,
                    dialect=dialect,
                    marks=_marks(container, selection.prefix),
                )

    def build(self, candidate: Candidate, ignored: tuple[str, ...], hints: Hints) -> Encoder:
        """The encoder, with what had to be assumed on its card.

        Positions stored for another size than that of the images are resized here, once.

        Raises:
            BadCheckpoint: what the user or the settings say of it cannot be; code ``encoder.input_size`` where its
                patches do not fill the images.
        """
        assert isinstance(candidate, VitCandidate)
        shape = shape_of(candidate.selection.tensors)
        assert shape is not None
        choice = settled(shape, candidate.dialect, candidate.marks, hints)
        origin = _origin(choice.shape, candidate, hints)
        tensors, choice = _at_size(dict(candidate.selection.tensors), choice, origin.input_size, hints.name)
        notes = (*choice.notes, *origin.assumptions)
        told = Origin(mean=origin.mean, std=origin.std, input_size=origin.input_size, assumptions=notes)
        encoder = empty_vit(told_card(_card(choice.shape), told, hints, candidate.selection, ignored))
        encoder.backbone.load_state_dict(completed(tensors, encoder.backbone.state_dict()))
        return encoder


def _marks(container: Container, prefix: str) -> frozenset[str]:
    """Who wrote the file, by what lies beside the net."""
    names = container.tensors
    known = {
        "mae": any(name.startswith(("decoder.", "decoder_")) for name in names),
        "openai": "input_resolution" in names,
        "moco": prefix.endswith(("base_encoder.", "momentum_encoder.")),
    }
    return frozenset(mark for mark, there in known.items() if there)


def _origin(shape: VitShape, candidate: VitCandidate, hints: Hints) -> Origin:
    usual: Usual = candidate.dialect.usual
    why = f"is usual for vision transformers with the names of {candidate.dialect.name}"
    if usual == HALF and ("mae" in candidate.marks or "mae" in (hints.setting("model_type") or "")):
        usual, why = IMAGENET, "is usual for MAE"
    elif usual == IMAGENET and shape.pre_norm:
        usual, why = CLIP, "is usual where a norm stands before the blocks"
    return origin_of(hints, usual, why, size=shape.grid * shape.patch)


def _at_size(tensors: dict[str, Tensor], choice: Settled, side: int, name: str) -> tuple[dict[str, Tensor], Settled]:
    """Tensors and shape for images of ``side`` pixels."""
    shape = choice.shape
    try:
        require_side(side, shape.patch)
    except BadInput as trouble:
        raise BadCheckpoint(f"{name}: {trouble.sentence}", trouble.advice, code=trouble.code) from trouble
    grid = side // shape.patch
    if grid == shape.grid:
        return tensors, choice
    own = shape.token_positions
    tensors["pos_embed"] = resized_positions(tensors["pos_embed"], own, grid, grid, antialias=shape.antialias)
    note = f"Its positions are stored for images of {shape.grid * shape.patch} pixels and were resized for {side}."
    return tensors, Settled(shape=msgspec.structs.replace(shape, grid=grid), notes=(*choice.notes, note))


def _card(shape: VitShape) -> EncoderCard:
    return EncoderCard(
        name="",
        architecture=shape,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        input_size=0,
        feature_dim=0,
        parameters=0,
    )
