"""What a checkpoint does not say: stem and normalisation, from the user, the card, the data set's name, or a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from zepad_engine.card import (
    CIFAR_MEAN,
    CIFAR_STD,
    CIFAR_STEM,
    IMAGENET_MEAN,
    IMAGENET_STD,
    IMAGENET_STEM,
    WIDE_CIFAR_STEM,
    EncoderCard,
    Stem,
    Triple,
)
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.weights import Selection
from zepad_engine.errors import BadCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How the images came in when the encoder was trained, and which parts of that are guesses."""

    stem: Stem
    mean: Triple
    std: Triple
    input_size: int
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _DataSet:
    mean: Triple
    std: Triple
    size: int


_CIFAR = _DataSet(CIFAR_MEAN, CIFAR_STD, 32)
_IMAGENET = _DataSet(IMAGENET_MEAN, IMAGENET_STD, 224)
_KNOWN: Final = {
    "cifar10": _CIFAR,
    "cifar100": _DataSet((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), 32),
    "stl10": _DataSet((0.4914, 0.4823, 0.4466), (0.2470, 0.2430, 0.2610), 96),
    "imagenet": _IMAGENET,
    "imagenet100": _IMAGENET,
}


def origin_of(kernel: int, hints: Hints, *, solo_learn: bool) -> Origin:
    """Put together what is known; ``kernel`` is the side of the first convolution.

    What the user says counts before the card, the card before the name of the data set, and that before a guess.
    ``solo_learn`` says that the file is a Lightning checkpoint with the prefix ``backbone.``.

    Raises:
        BadCheckpoint: the kernel is neither 3 nor 7 and nobody said what stride it goes with.
    """
    user, card = hints.overrides, hints.card
    notes: list[str] = []
    stem = user.stem or (card.stem if card else None) or _guess_stem(kernel, solo_learn, notes)
    if stem.kernel != kernel:
        raise BadCheckpoint(
            f"The first convolution of {hints.name} is {kernel}x{kernel}, not {stem.kernel}x{stem.kernel}.",
            "Choose the stem that fits the file.",
        )
    stated = card or _named_set(hints, notes)
    if stated is None and (user.mean is None or user.std is None):
        notes.append(_guess_note(kernel))
    guess = _CIFAR if kernel == 3 else _IMAGENET
    mean = user.mean or (stated.mean if stated else guess.mean)
    std = user.std or (stated.std if stated else guess.std)
    if min(std) <= 0:
        raise BadCheckpoint(f"The normalisation of {hints.name} divides by zero.", "Give deviations above 0.")
    size = user.input_size or (card.input_size if card else (stated or guess).size)  # type: ignore[union-attr]
    return Origin(stem=stem, mean=mean, std=std, input_size=size, assumptions=tuple(notes))


def _guess_stem(kernel: int, solo_learn: bool, notes: list[str]) -> Stem:
    if kernel == 7:
        return IMAGENET_STEM
    if kernel != 3:
        raise BadCheckpoint(f"A first convolution of {kernel}x{kernel} is not known.", "Say its stride and padding.")
    stem = WIDE_CIFAR_STEM if solo_learn else CIFAR_STEM
    writer = "as solo-learn builds it" if solo_learn else "as most CIFAR ResNets have it"
    notes.append(
        f"The stem is taken as 3x3, stride 1, padding {stem.padding}, no max-pool, {writer}; the file does not say."
    )
    return stem


def _named_set(hints: Hints, notes: list[str]) -> _DataSet | None:
    named = (hints.setting("dataset", "data_name", "dataset_name") or "").lower().replace("-", "")
    if named in _KNOWN:
        notes.append(f"The normalisation is the usual one of {named}, the data set the training settings name.")
    return _KNOWN.get(named)


def _guess_note(kernel: int) -> str:
    usual = "CIFAR-10, as the stem is 3x3" if kernel == 3 else "ImageNet, as the stem is 7x7"
    return f"The normalisation is taken as the usual one of {usual}; the file does not say."


def told_card(
    card: EncoderCard, origin: Origin, hints: Hints, selection: Selection, ignored: tuple[str, ...]
) -> EncoderCard:
    """The card of an architecture, filled with what is known and what was assumed."""
    told = hints.card
    epochs = hints.setting("max_epochs", "epochs")
    notes = origin.assumptions
    if selection.is_copy:
        notes += (f"Only the slow copy {selection.prefix.rstrip('.')} is in the file; it is audited instead.",)
    named = msgspec.structs.replace(
        card,
        name=hints.overrides.name or (told.name if told else hints.name),
        stem=origin.stem,
        mean=origin.mean,
        std=origin.std,
        input_size=origin.input_size,
        sha256=hints.sha256,
        keys_ignored=ignored,
        assumptions=notes,
        method=hints.setting("method") or "unknown",
        data=(hints.setting("dataset") or "unknown").rstrip("/").rpartition("/")[2],
        epochs=int(epochs) if epochs and epochs.isdecimal() else None,
    )
    if told is None:
        return named
    kept = ("method", "data", "epochs", "seed", "minutes", "probe", "licence", "remarks")
    return msgspec.structs.replace(named, **{field: getattr(told, field) for field in kept})
