"""What is known of an encoder: the card that lies beside its weights. Loads no torch, so the window may read it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from zepad_engine.errors import BadCheckpoint
from zepad_engine.storage import write_bytes


class Stem(msgspec.Struct, frozen=True, kw_only=True):
    """The first convolution, whose stride and padding stand in no weight.

    Attributes:
        kernel: side of the kernel in pixels.
        stride: stride in pixels.
        padding: zero padding in pixels.
        pool: whether a max-pool with stride 2 follows.
    """

    kernel: int
    stride: int
    padding: int
    pool: bool


CIFAR_STEM = Stem(kernel=3, stride=1, padding=1, pool=False)
WIDE_CIFAR_STEM = Stem(kernel=3, stride=1, padding=2, pool=False)
IMAGENET_STEM = Stem(kernel=7, stride=2, padding=3, pool=True)

Triple = tuple[float, float, float]

CIFAR_MEAN: Triple = (0.4914, 0.4822, 0.4465)
CIFAR_STD: Triple = (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


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
        family: architecture family, "resnet" or "conv".
        blocks: residual blocks of each stage.
        bottleneck: whether the blocks are bottlenecks (ResNet-50) or basic (ResNet-18).
        width: channels of the first stage.
        stem: the first convolution.
        shortcut: how a ResNet's shortcut meets a wider stage: by a convolution, or by padding with zeros.
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
        keys_ignored: names in the file that are no part of the encoder (heads, momentum copies).
        assumptions: sentences on what the file did not say and was guessed.
        probe: a linear probe, if one was made.
        licence: terms of the weights.
        remarks: sentences on how the training went that its settings do not tell.
    """

    name: str
    family: str
    blocks: tuple[int, ...]
    bottleneck: bool
    width: int
    stem: Stem
    mean: Triple
    std: Triple
    input_size: int
    feature_dim: int
    parameters: int
    shortcut: Literal["conv", "pad"] = "conv"
    method: str = "unknown"
    data: str = "unknown"
    epochs: int | None = None
    seed: int | None = None
    minutes: float | None = None
    sha256: str = ""
    keys_ignored: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    probe: Probe | None = None
    licence: str = ""
    remarks: tuple[str, ...] = ()


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
        return msgspec.json.decode(path.read_bytes(), type=EncoderCard)
    except OSError as trouble:
        raise BadCheckpoint(
            f"The card {path.name} is missing.", "An encoder of ZePAD is a pair of files; copy both."
        ) from trouble
    except msgspec.MsgspecError as trouble:
        raise BadCheckpoint(
            f"The card {path.name} cannot be read.", "Copy the pair of files again from its source."
        ) from trouble


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says of an encoder whose file does not say it; None leaves the file or the guess in force.

    Attributes:
        name: what the report shall call it.
        stem: the first convolution.
        mean: per-channel mean of the normalisation.
        std: per-channel deviation of the normalisation, above 0.
        input_size: side in pixels of the images the encoder was trained on.
    """

    name: str | None = None
    stem: Stem | None = None
    mean: Triple | None = None
    std: Triple | None = None
    input_size: int | None = None
