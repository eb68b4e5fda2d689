"""An encoder's card in phrases, for the page and for the terminal."""

from __future__ import annotations

from zepad_engine.card import EncoderCard


def architecture(card: EncoderCard) -> str:
    """The net: ``ResNet-18, width 16; basic blocks, stem 3x3, stride 1``."""
    return f"{card.architecture.title}; {', '.join(card.architecture.details)}"


def size(card: EncoderCard) -> str:
    """Parameters, features and the images it was trained on."""
    return f"{card.parameters:,} parameters, {card.feature_dim} features, trained on images of {card.input_size} px"


def training(card: EncoderCard) -> str:
    """How it was trained, as far as is known."""
    known = [f"{card.epochs} epochs"] if card.epochs is not None else []
    known += [f"seed {card.seed}"] if card.seed is not None else []
    known += [f"{card.minutes:.0f} minutes"] if card.minutes is not None else []
    return ", ".join([f"{card.method} on {card.data}", *known])
