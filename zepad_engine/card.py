"""What is known of an encoder: the card that lies beside its weights. Loads no torch, so the window may read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from zepad_engine.architecture import Architecture, Stem
from zepad_engine.errors import BadCheckpoint
from zepad_engine.storage import write_bytes

Triple = tuple[float, float, float]

CIFAR_MEAN: Triple = (0.4914, 0.4822, 0.4465)
CIFAR_STD: Triple = (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
CLIP_MEAN: Triple = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD: Triple = (0.26862954, 0.26130258, 0.27577711)


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A linear probe on frozen features.

    Attributes:
        data: the labelled set.
        classes: number of classes.
        train_images: images the probe was fitted on.
        test_images: images it was scored on.
        accuracy: top-1 accuracy on them, 0 to 1.
        random_accuracy: the same for the same net with random weights, 0 to 1.
    """

    data: str
    classes: int
    train_images: int
    test_images: int
    accuracy: float
    random_accuracy: float


class EncoderCard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the report says of an encoder.

    Attributes:
        name: what the report calls it.
        architecture: what the net is built from.
        mean: per-channel mean, taken off inside the encoder; images outside are in [0, 1].
        std: per-channel deviation, divided by inside the encoder.
        input_size: side in pixels of the images the encoder was trained on.
        feature_dim: length of a feature vector.
        parameters: number of weights that training moves.
        method: how it was trained, or "unknown".
        data: what it was trained on, or "unknown".
        epochs: passes over that data, if known.
        seed: seed of the training, if known.
        minutes: wall time of the training, if known.
        sha256: digest of the bytes of the weight file, 64 hexadecimal characters.
        net: where in the file the encoder lies, container and prefix, for example ``teacher/backbone.``.
        keys_ignored: names in the file that are no part of the encoder (heads, momentum copies).
        assumptions: sentences on what the file did not say and was guessed.
        probe: a linear probe, if one was made.
        licence: terms of the weights.
        remarks: sentences on how the training went that its settings do not tell.
    """

    name: str
    architecture: Architecture
    mean: Triple
    std: Triple
    input_size: int
    feature_dim: int
    parameters: int
    method: str = "unknown"
    data: str = "unknown"
    epochs: int | None = None
    seed: int | None = None
    minutes: float | None = None
    sha256: str = ""
    net: str = ""
    keys_ignored: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    probe: Probe | None = None
    licence: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The architecture family: resnet, conv, vit, convnext ..."""
        return self.architecture.family


def card_path(weights: Path) -> Path:
    """Where the card of a weight file lies: beside it, with the ending .json."""
    return weights.with_suffix(".json")


def write_card(card: EncoderCard, weights: Path) -> None:
    """Store the card beside its weights.

    Raises:
        NoSpace: the disk refused the write.
    """
    write_bytes(card_path(weights), msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def read_card(weights: Path) -> EncoderCard:
    """Read the card beside a weight file.

    Raises:
        BadCheckpoint: there is no card, or it is not one of ours.
    """
    path = card_path(weights)
    try:
        return card_of(msgspec.json.decode(path.read_bytes()))
    except OSError as trouble:
        raise BadCheckpoint(
            f"The card {path.name} is missing.", "An encoder of ZePAD is a pair of files; copy both."
        ) from trouble
    except msgspec.MsgspecError as trouble:
        raise BadCheckpoint(
            f"The card {path.name} cannot be read.", "Copy the pair of files again from its source."
        ) from trouble


def card_of(told: Any) -> EncoderCard:  # noqa: ANN401 - what a JSON file holds
    """A card out of decoded JSON, of this version or of 0.1.

    Raises:
        msgspec.ValidationError: it is no card.
    """
    return msgspec.convert(modern_card(told), EncoderCard)


def modern_card(told: Any) -> Any:  # noqa: ANN401 - what a JSON file holds
    """Decoded JSON of a card of version 0.1, which knew ResNets and Conv4 only, as this version writes it."""
    if not isinstance(told, dict) or "architecture" in told or not {"family", "width"} <= told.keys():
        return told
    rest = {name: value for name, value in told.items() if name not in (*_OLD_SHAPE, "family")}
    named = _OLD_SHAPE if told["family"] == "resnet" else ("width",)
    shape = {name: told[name] for name in named if name in told}
    return {**rest, "architecture": {"kind": told["family"], **shape}}


_OLD_SHAPE = ("blocks", "bottleneck", "width", "stem", "shortcut")


class Overrides(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the user says of an encoder whose file does not say it; None leaves the file or the guess in force.

    Attributes:
        name: what the report shall call it.
        net: which encoder of a file that holds several, as ``EncoderCard.net`` names it.
        stem: the first convolution.
        mean: per-channel mean of the normalisation.
        std: per-channel deviation of the normalisation, above 0.
        input_size: side in pixels of the images the encoder was trained on.
        pooling: how a vision transformer's tokens become features.
        heads: attention heads of a vision transformer, which no tensor tells.
        model: which of a library's models with equal shapes it is, for example ``tf_efficientnet_b0``.
    """

    name: str | None = None
    net: str | None = None
    stem: Stem | None = None
    mean: Triple | None = None
    std: Triple | None = None
    input_size: int | None = None
    pooling: Literal["class", "mean"] | None = None
    heads: int | None = None
    model: str | None = None
