"""The catalogue, built from the registries and the bundled files: what the window draws its forms from."""

from __future__ import annotations

from zepad_engine.adaptive.registry import SYSTEM_ATTACKS
from zepad_engine.attacks.registry import ATTACKS
from zepad_engine.card import EncoderCard, read_card
from zepad_engine.catalogue import Catalogue, EncoderEntry, TaskEntry
from zepad_engine.defences.registry import DEFENCES
from zepad_engine.fields import describe_value
from zepad_engine.images.sample_catalogue import SampleCard, sample_cards
from zepad_engine.plan import SAMPLE_PREFIX
from zepad_engine.resources import asset


def describe() -> Catalogue:
    """Every attack, defence, bundled image set and bundled encoder."""
    return Catalogue(
        attacks=tuple(describe_value(attack) for attack in ATTACKS.values()),
        adaptive=tuple(describe_value(attack) for attack in SYSTEM_ATTACKS.values()),
        defences=tuple(describe_value(defence) for defence in DEFENCES.values()),
        tasks=tuple(_task(card) for card in sample_cards()),
        encoders=tuple(_encoders()),
    )


def _task(card: SampleCard) -> TaskEntry:
    return TaskEntry(
        key=SAMPLE_PREFIX + card.key,
        name=card.name,
        summary=card.summary,
        source=card.source,
        licence=card.licence,
        kind=card.kind,
        classes=card.classes,
        counts=card.counts,
    )


def _encoders() -> list[EncoderEntry]:
    cards = sorted(asset("encoders").glob("*.json"))
    return [_encoder(path.stem, read_card(path)) for path in cards]


def _encoder(stem: str, card: EncoderCard) -> EncoderEntry:
    return EncoderEntry(
        key=SAMPLE_PREFIX + stem,
        name=card.name,
        summary=f"{card.method} on {card.data}, {card.parameters / 1e6:.2f} M parameters, {card.input_size} px",
    )
