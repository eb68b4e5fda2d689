"""What no tensor of a vision transformer says: heads, epsilon, activation, pooling; from settings, or as is usual."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, cast

import msgspec

from zepad_engine.architecture import VitShape
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.vit_names import Dialect
from zepad_engine.encoders.vit_shape import usual_heads
from zepad_engine.errors import BadCheckpoint

Pooling = Literal["class", "mean"]

# MoCo v3 gives its small nets as many heads as its base net has.
_MOCO_HEADS: Final = {192: 12, 384: 12, 768: 12}
_POOLINGS: Final[dict[str, Pooling]] = {"token": "class", "avg": "mean"}
_ACTIVATIONS: Final = {"gelu": "gelu", "quick_gelu": "quick_gelu"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A shape with nothing left open, and a sentence for each part of it that is a guess."""

    shape: VitShape
    notes: tuple[str, ...] = ()


def settled(shape: VitShape, dialect: Dialect, marks: frozenset[str], hints: Hints) -> Settled:
    """Fill in what the tensors leave open: the user before our own card, that before the settings, then convention.

    Raises:
        BadCheckpoint: a setting cannot be, or names an activation ZePAD does not know.
    """
    told = hints.card.architecture if hints.card else None
    if isinstance(told, VitShape):
        heads = _heads(told, marks, hints, []) if hints.overrides.heads else told.heads
        return Settled(shape=_pooled(msgspec.structs.replace(told, heads=heads), hints, []))
    notes: list[str] = []
    guesses: list[str] = []
    shape = msgspec.structs.replace(
        shape,
        heads=_heads(shape, marks, hints, guesses),
        epsilon=_epsilon(shape, dialect, hints, guesses),
        activation=_activation(shape, dialect, marks, hints, guesses),
        # timm does it always; of DINOv2 the nets with registers do.
        antialias=shape.registers > 0 or any(key.startswith("pretrained_cfg") for key in hints.settings),
    )
    if guesses:
        whose = "MoCo v3" if _by_moco(marks, hints) else dialect.name
        notes.append(f"Taken as is usual for {whose}: {', '.join(guesses)}; the file does not say.")
    return Settled(shape=_pooled(shape, hints, notes), notes=tuple(notes))


def _number(hints: Hints, *names: str) -> float | None:
    try:
        found = float(hints.setting(*names) or "")
    except ValueError:
        return None
    # NaN and infinity can be written as settings; neither they nor numbers without sense are answers.
    return found if math.isfinite(found) and (found == 0 or abs(found) > 1e-30) else None


def _by_moco(marks: frozenset[str], hints: Hints) -> bool:
    return "moco" in marks or hints.setting("method") == "mocov3"


def _heads(shape: VitShape, marks: frozenset[str], hints: Hints, guesses: list[str]) -> int:
    channels, said = _number(hints, "head_width"), hints.overrides.heads
    told = shape.width / channels if channels else _number(hints, "num_attention_heads", "num_heads")
    heads = told if said is None else said
    if heads is None:
        usual = usual_heads(shape.width)
        usual = _MOCO_HEADS.get(shape.width, usual) if _by_moco(marks, hints) else usual
        guesses.append(f"{usual} attention heads of {shape.width // usual} channels")
        return usual
    if heads < 1 or heads != int(heads) or shape.width % int(heads):
        raise BadCheckpoint(
            f"{heads:g} attention heads do not divide the {shape.width} channels of {hints.name}.",
            "Correct the settings beside it, or move them away." if said is None else "Say another number of heads.",
        )
    return int(heads)


def _epsilon(shape: VitShape, dialect: Dialect, hints: Hints, guesses: list[str]) -> float:
    told = _number(hints, "layer_norm_eps")
    if told is not None and 0 <= told <= 1e-2:
        return told
    usual = 1e-5 if shape.pre_norm else dialect.epsilon
    guesses.append(f"norms with {usual:g} under the root")
    return usual


def _activation(
    shape: VitShape, dialect: Dialect, marks: frozenset[str], hints: Hints, guesses: list[str]
) -> Literal["gelu", "quick_gelu", "swiglu"]:
    if shape.activation == "swiglu":
        return "swiglu"
    named = hints.setting("hidden_act")
    if named is not None and named not in _ACTIVATIONS:
        raise BadCheckpoint(
            f"{hints.name} uses the activation {named}, which ZePAD does not know.",
            "Vision transformers with GELU, OpenAI's quick GELU or SwiGLU can be opened.",
            code="encoder.unknown",
        )
    if named is not None:
        return cast('Literal["gelu", "quick_gelu"]', _ACTIVATIONS[named])
    quick = _quick(hints)
    if quick is None and shape.pre_norm:
        quick = "openai" in marks or dialect.activation == "quick_gelu"
        guesses.append("quick GELU as in OpenAI's CLIP" if quick else "plain GELU, not OpenAI's quick one")
    return "quick_gelu" if quick else "gelu"


def _quick(hints: Hints) -> bool | None:
    """Whether open_clip's or timm's settings ask for quick GELU; None where there are none."""
    told = hints.setting("quick_gelu")
    if told is not None:
        return told.lower() == "true"
    model = hints.setting("architecture", "model_name")
    if model is not None:
        return "quickgelu" in model
    # open_clip writes the switch only where it is on.
    return False if any("vision_cfg" in key for key in hints.settings) else None


def _pooled(shape: VitShape, hints: Hints, notes: list[str]) -> VitShape:
    wanted = hints.overrides.pooling
    if wanted == "class" and not shape.class_token:
        raise BadCheckpoint(f"{hints.name} has no class token.", "Take the mean of its patches.")
    if wanted is None and not isinstance(hints.card and hints.card.architecture, VitShape):
        wanted = _POOLINGS.get(hints.setting("global_pool") or "")
        wanted = wanted if shape.class_token else None
        if wanted is None and shape.class_token and shape.norm == "tokens" and not shape.projection:
            notes.append("Features are taken from the class token, as is usual; the file does not say.")
    return msgspec.structs.replace(shape, pooling=wanted or shape.pooling)
