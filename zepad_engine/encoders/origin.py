"""What a checkpoint does not say: normalisation and picture size, from the user, the card, the settings, or a guess."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

import msgspec

from zepad_engine.card import (
    CIFAR_MEAN,
    CIFAR_STD,
    CLIP_MEAN,
    CLIP_STD,
    IMAGENET_MEAN,
    IMAGENET_STD,
    EncoderCard,
    Triple,
)
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.weights import Selection
from zepad_engine.errors import BadCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How the images came in when the encoder was trained, and which parts of that are guesses.

    Attributes:
        mean, std: normalisation per channel.
        input_size: side of the images in pixels.
        assumptions: a sentence for each part that is a guess.
    """

    mean: Triple
    std: Triple
    input_size: int
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual images of a data set or an architecture: normalisation, side in pixels, and whose they are."""

    mean: Triple
    std: Triple
    size: int
    whose: str = ""


CIFAR: Final = Usual(CIFAR_MEAN, CIFAR_STD, 32, "CIFAR-10")
CIFAR100: Final = Usual((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), 32, "CIFAR-100")
IMAGENET: Final = Usual(IMAGENET_MEAN, IMAGENET_STD, 224, "ImageNet")
TINY_IMAGENET: Final = Usual(IMAGENET_MEAN, IMAGENET_STD, 64, "ImageNet")
CLIP: Final = Usual(CLIP_MEAN, CLIP_STD, 224, "CLIP")
PLAIN: Final = Usual((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 84)

_KNOWN: Final = {
    "cifar10": CIFAR,
    "cifar100": CIFAR100,
    "stl10": Usual((0.4914, 0.4823, 0.4466), (0.2470, 0.2430, 0.2610), 96),
    "imagenet": IMAGENET,
    "imagenet100": IMAGENET,
    "tinyimagenet": TINY_IMAGENET,
}
_WHOSE: Final = {(usual.mean, usual.std): usual.whose for usual in (CIFAR, IMAGENET, CLIP)}
_LARGEST_SIZE = 1024
_LARGEST_VALUE: Final = 100
_SMALLEST_DEVIATION: Final = 1e-3


def origin_of(hints: Hints, guess: Usual, why: str, *, size: int | None = None) -> Origin:
    """Put together what is known of the images.

    What the user says counts before the card, the card before a normaliser in the file, that before the settings in
    or beside it, these before the name of the data set, and that before ``guess``, which is told with the reason
    ``why`` (``the stem is 3x3``).
    ``size`` is the side in pixels where the tensors tell it.

    Raises:
        BadCheckpoint: the normalisation makes no sense for pixels from 0 to 1, or the size is no picture's.
    """
    user, card = hints.overrides, hints.card
    notes: list[str] = []
    mean, std = _normalisation(hints, guess, why, notes)
    _require_sound(mean, std, hints.name)
    side = user.input_size if user.input_size is not None else card.input_size if card else None
    side = side if side is not None else _stated_size(hints) or size
    if side is None:
        named = _named_set(hints)
        side = (named or guess).size
        source = "as is usual for the data set the settings name" if named else f"as {why}"
        notes.append(f"Images are taken to be {side} pixels wide, {source}; the file does not say.")
    if not 8 <= side <= _LARGEST_SIZE:
        raise BadCheckpoint(f"Images of {side} pixels do not fit {hints.name}.", f"Say a size of 8 to {_LARGEST_SIZE}.")
    return Origin(mean=mean, std=std, input_size=side, assumptions=tuple(notes))


def _require_sound(mean: Triple, std: Triple, name: str) -> None:
    within = all(math.isfinite(value) for value in (*mean, *std)) and max(map(abs, (*mean, *std))) <= _LARGEST_VALUE
    if not within or min(std) < _SMALLEST_DEVIATION:
        raise BadCheckpoint(
            f"The normalisation of {name} makes no sense for pixels from 0 to 1.",
            f"Give means of at most {_LARGEST_VALUE} and deviations from {_SMALLEST_DEVIATION} to {_LARGEST_VALUE}.",
        )


def _normalisation(hints: Hints, guess: Usual, why: str, notes: list[str]) -> tuple[Triple, Triple]:
    user, card = hints.overrides, hints.card
    if user.mean is not None and user.std is not None:
        return user.mean, user.std
    if card is not None:
        return user.mean or card.mean, user.std or card.std
    stated = hints.normaliser or _stated(hints)
    if stated is not None:
        source = "stored in the file" if hints.normaliser else "that the settings in or beside the file state"
        notes.append(f"The normalisation is the one {source}{_per_byte(stated)}.")
        mean, std = _as_share(stated)
        return user.mean or mean, user.std or std
    named = _named_set(hints)
    half = "The deviation" if user.mean is not None else "The mean" if user.std is not None else None
    if named:
        name = hints.setting("dataset", "data_name", "dataset_name")
        what = half or "The normalisation"
        notes.append(f"{what} is the usual one of {name}, the data set the training settings name.")
        return user.mean or named.mean, user.std or named.std
    plain = "plain values from 0 to 1" if guess.mean == PLAIN.mean else f"mean {guess.mean}"
    whose = guess.whose or _WHOSE.get((guess.mean, guess.std))
    what = f"the usual one of {whose}" if whose else plain
    notes.append(f"{half or 'The normalisation'} is taken as {what}, as {why}; the file does not say.")
    return user.mean or guess.mean, user.std or guess.std


def _stated(hints: Hints) -> tuple[Triple, Triple] | None:
    """Mean and deviation of the settings; ``do_normalize: false`` says that there is none."""
    if (hints.setting("do_normalize") or "").lower() == "false":
        return PLAIN.mean, PLAIN.std
    mean, std = _triple(hints, "image_mean", "mean"), _triple(hints, "image_std", "std")
    return (mean, std) if mean and std else None


def _as_share(stated: tuple[Triple, Triple]) -> tuple[Triple, Triple]:
    """Mean and deviation for pixels from 0 to 1, where they were stated for 0 to 255 too."""
    if not _per_byte(stated):
        return stated
    mean, std = (tuple(value / 255 for value in values) for values in stated)
    return msgspec.convert(mean, Triple), msgspec.convert(std, Triple)


def _per_byte(stated: tuple[Triple, Triple]) -> str:
    mean, std = stated
    return ", there for pixels from 0 to 255" if max(mean) > 1.5 and min(std) > 1.5 else ""


def _triple(hints: Hints, *names: str) -> Triple | None:
    """Three numbers kept as JSON in a setting."""
    try:
        found: Triple = msgspec.convert(json.loads(hints.setting(*names) or "null"), Triple)
    except (ValueError, msgspec.ValidationError):
        return None
    return found


def _stated_size(hints: Hints) -> int | None:
    """The side of the images in the settings: ``image_size: 224`` or timm's ``input_size: [3, 224, 224]``."""
    stated = hints.setting("image_size", "img_size", "input_size", "crop_size", "shortest_edge", "size", "size.height")
    try:
        found = json.loads(stated or "null")
    except ValueError:
        return None
    # One number, or timm's channels, height and width; two numbers are sizes of several crops.
    found = found[-1] if isinstance(found, list) and len(found) == 3 else found
    return found if isinstance(found, int) and 8 <= found <= _LARGEST_SIZE else None


def _named_set(hints: Hints) -> Usual | None:
    named = (hints.setting("dataset", "data_name", "dataset_name") or "").lower()
    return _KNOWN.get(named.replace("-", "").replace("_", ""))


def told_card(
    card: EncoderCard, origin: Origin, hints: Hints, selection: Selection, ignored: tuple[str, ...]
) -> EncoderCard:
    """The card of an architecture, filled with what is known and what was assumed."""
    told = hints.card
    epochs = hints.setting("max_epochs", "epochs")
    notes = origin.assumptions
    if selection.is_copy and hints.overrides.net is None:
        notes += (f"Only the slow copy {selection.net.rstrip('.')} is in the file; it is audited instead.",)
    named = msgspec.structs.replace(
        card,
        name=hints.overrides.name or (told.name if told else hints.name),
        mean=origin.mean,
        std=origin.std,
        input_size=origin.input_size,
        sha256=hints.sha256,
        net=selection.net,
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
