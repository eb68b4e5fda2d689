"""Flags with which a user says what an encoder file does not: normalisation, size, stem, which net."""

from __future__ import annotations

import argparse
from typing import Any, Final

import msgspec

from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM, WIDE_CIFAR_STEM
from zepad_engine.card import Overrides

_STEMS: Final = {"cifar": CIFAR_STEM, "cifar-padding-2": WIDE_CIFAR_STEM, "imagenet": IMAGENET_STEM}


def add_saying_flags(parser: argparse.ArgumentParser) -> None:
    """The flags, in a group of their own."""
    group = parser.add_argument_group("what the encoder file does not say")
    group.add_argument(
        "--net", metavar="NAME", help="which encoder of a file that holds several, as inspect lists them"
    )
    group.add_argument("--mean", nargs=3, type=float, metavar=("R", "G", "B"), help="mean the encoder subtracts")
    group.add_argument("--std", nargs=3, type=float, metavar=("R", "G", "B"), help="deviation the encoder divides by")
    group.add_argument("--size", type=int, metavar="PIXELS", help="side of the images the encoder is given")
    group.add_argument("--stem", choices=_STEMS, help="a ResNet's first convolution: 3x3, 3x3 with padding 2, or 7x7")
    group.add_argument("--pooling", choices=("class", "mean"), help="a vision transformer's features")
    group.add_argument("--heads", type=int, metavar="N", help="a vision transformer's attention heads")
    group.add_argument("--model", metavar="NAME", help="which of a library's models it is, where several fit")


def overrides_of(flags: argparse.Namespace) -> Overrides:
    """What the flags say."""
    said: dict[str, Any] = {
        "net": flags.net,
        "mean": tuple(flags.mean) if flags.mean else None,
        "std": tuple(flags.std) if flags.std else None,
        "input_size": flags.size,
        "stem": _STEMS[flags.stem] if flags.stem else None,
        "pooling": flags.pooling,
        "heads": flags.heads,
        "model": flags.model,
    }
    return msgspec.convert(said, Overrides)
