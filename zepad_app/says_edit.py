"""What a user may say of an encoder: the usual choices, what cannot be, and what differs from how the file was read."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM, ResNetShape, Stem, VitShape
from zepad_engine.card import (
    CIFAR_MEAN,
    CIFAR_STD,
    CLIP_MEAN,
    CLIP_STD,
    IMAGENET_MEAN,
    IMAGENET_STD,
    EncoderCard,
    Overrides,
    Triple,
)

CUSTOM: Final = "custom"
# What the engine takes.
SMALLEST_SIDE: Final = 8
LARGEST_SIDE: Final = 1024
_LONGEST_NAME: Final = 80
_LARGEST_STRIDE, _LARGEST_MEAN, _LARGEST_DEVIATION = 8, 10, 100
_HALF: Final[Triple] = (0.5, 0.5, 0.5)


class Normalisation(NamedTuple):
    """A usual normalisation: key, what it is called in a list and in a sentence, mean and deviation per channel."""

    key: str
    title: str
    name: str
    mean: Triple
    std: Triple


NORMALISATIONS: Final = (
    Normalisation("imagenet", "ImageNet", "ImageNet", IMAGENET_MEAN, IMAGENET_STD),
    Normalisation("cifar10", "CIFAR-10", "CIFAR-10", CIFAR_MEAN, CIFAR_STD),
    Normalisation("clip", "CLIP", "CLIP", CLIP_MEAN, CLIP_STD),
    Normalisation("plain", "None: values from 0 to 1", "plain values from 0 to 1", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    Normalisation("half", "Values from -1 to 1", "values from -1 to 1", _HALF, _HALF),
)


class StemChoice(NamedTuple):
    """A usual first convolution."""

    key: str
    title: str
    stem: Stem


_STEMS: Final = (
    StemChoice("cifar", "3×3, stride 1, padding 1: small pictures", CIFAR_STEM),
    StemChoice("wide", "3×3, stride 1, padding 2: solo-learn on CIFAR", WIDE_CIFAR_STEM),
    StemChoice("imagenet", "7×7, stride 2, max-pool: large pictures", IMAGENET_STEM),
)


def normalisation_of(mean: Triple, std: Triple) -> Normalisation | None:
    """The usual normalisation with these values."""
    return next((each for each in NORMALISATIONS if (each.mean, each.std) == (mean, std)), None)


def stems_for(kernel: int) -> tuple[StemChoice, ...]:
    """The usual stems with the kernel that the file holds; stride, padding and pool stand in no weight."""
    return tuple(each for each in _STEMS if each.stem.kernel == kernel)


def stem_of(card: EncoderCard) -> Stem | None:
    """The stem of a ResNet, None for other families."""
    return card.architecture.stem if isinstance(card.architecture, ResNetShape) else None


def poolings_of(card: EncoderCard) -> tuple[str, ...]:
    """The poolings a user can choose between; empty where there is no choice."""
    shape = card.architecture
    return ("class", "mean") if isinstance(shape, VitShape) and shape.class_token else ()


def as_read(card: EncoderCard) -> Overrides:
    """How the file was read, as if all of it had been said."""
    shape = card.architecture
    return Overrides(
        name=card.name,
        stem=stem_of(card),
        mean=card.mean,
        std=card.std,
        input_size=card.input_size,
        pooling=shape.pooling if isinstance(shape, VitShape) else None,
        heads=shape.heads if isinstance(shape, VitShape) else None,
    )


def said(card: EncoderCard, before: Overrides, wish: Overrides) -> Overrides:
    """What the user says when the form shows ``wish``: what was said ``before``, and what differs from how it was read.

    A field that is left as it was read stays a guess of ours, and is told as one.
    """
    read = as_read(card)
    changes: dict[str, object] = {}
    if (wish.mean, wish.std) != (read.mean, read.std):
        changes |= {"mean": wish.mean, "std": wish.std}
    for field in ("name", "stem", "input_size", "pooling", "heads"):
        if getattr(wish, field) != getattr(read, field):
            changes[field] = getattr(wish, field)
    return msgspec.structs.replace(before, **changes)


def forgotten(says: Overrides) -> Overrides:
    """Everything taken back but which of several encoders was meant."""
    return Overrides(net=says.net)


def troubles_of(card: EncoderCard, wish: Overrides) -> dict[str, str]:
    """Why a wish cannot be, by field; empty if it can."""
    found = {
        "name": _name_trouble(wish.name or ""),
        "mean": _mean_trouble(wish.mean or _HALF),
        "std": _deviation_trouble(wish.std or _HALF),
        "input_size": _side_trouble(card, wish.input_size or 0),
        "stem": _stem_trouble(wish.stem),
        "heads": _heads_trouble(card, wish.heads),
    }
    return {field: sentence for field, sentence in found.items() if sentence}


def _name_trouble(name: str) -> str:
    if not name.strip():
        return "The report needs a name."
    return "" if len(name) <= _LONGEST_NAME else f"A name has at most {_LONGEST_NAME} characters."


def _mean_trouble(mean: Triple) -> str:
    fits = all(abs(value) <= _LARGEST_MEAN for value in mean)
    return "" if fits else f"A mean lies between -{_LARGEST_MEAN} and {_LARGEST_MEAN}; pixels lie between 0 and 1."


def _deviation_trouble(std: Triple) -> str:
    if min(std) <= 0:
        return "A deviation must be above 0: pixels are divided by it."
    return "" if max(std) <= _LARGEST_DEVIATION else f"A deviation is at most {_LARGEST_DEVIATION}."


def _side_trouble(card: EncoderCard, side: int) -> str:
    if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        return f"Say a size of {SMALLEST_SIDE} to {LARGEST_SIDE} pixels."
    shape = card.architecture
    if isinstance(shape, VitShape) and side % shape.patch:
        return f"Patches of {shape.patch} pixels do not fill images of {side}; {_nearest(side, shape.patch)} would do."
    return ""


def _nearest(side: int, patch: int) -> int:
    return max(1, round(side / patch)) * patch


def _stem_trouble(stem: Stem | None) -> str:
    if stem is None:
        return ""
    if not 1 <= stem.stride <= _LARGEST_STRIDE:
        return f"A stride lies between 1 and {_LARGEST_STRIDE}."
    return "" if 0 <= stem.padding <= stem.kernel else f"A padding lies between 0 and {stem.kernel}, the kernel."


def _heads_trouble(card: EncoderCard, heads: int | None) -> str:
    shape = card.architecture
    if heads is None or not isinstance(shape, VitShape) or (heads > 0 and shape.width % heads == 0):
        return ""
    return f"{heads} heads do not divide its {shape.width} channels."
