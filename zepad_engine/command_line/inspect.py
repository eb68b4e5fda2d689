"""``inspect``: open an encoder and say what it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from zepad_engine.card import EncoderCard
from zepad_engine.command_line.guarding import DONE
from zepad_engine.command_line.planning import encoder_file
from zepad_engine.plan import SAMPLE_PREFIX
from zepad_engine.report.card_words import architecture, size, training
from zepad_engine.report.numbers import wilson
from zepad_engine.resources import asset


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("file", help="encoder file, or sample:<name>")
    parser.add_argument("--json", action="store_true", help="the card as JSON")


def run(flags: argparse.Namespace) -> int:
    """Print the card; the exit code."""
    path = _path(flags.file)
    from zepad_engine.encoders.reading import open_encoder

    card = open_encoder(path).card
    sys.stdout.write(_as_json(card) if flags.json else card_text(card))
    return DONE


def _path(reference: str) -> Path:
    if reference.startswith(SAMPLE_PREFIX):
        return asset("encoders", f"{Path(reference.removeprefix(SAMPLE_PREFIX)).name}.safetensors")
    return encoder_file(reference)


def _as_json(card: EncoderCard) -> str:
    return msgspec.json.format(msgspec.json.encode(card), indent=2).decode("utf-8") + "\n"


def card_text(card: EncoderCard) -> str:
    """The card in lines of name and value; lists one item a line below."""
    rows = {
        "Name": card.name,
        "Net": architecture(card),
        "Size": size(card),
        "Training": training(card),
        "Mean": ", ".join(f"{value:g}" for value in card.mean),
        "Deviation": ", ".join(f"{value:g}" for value in card.std),
        "SHA-256": card.sha256 or "not known",
        "Licence": card.licence,
    }
    lines = [f"{name:<10} {value}" for name, value in rows.items() if value]
    if card.probe is not None:
        probe = card.probe
        measured, chance = (_rate(share, probe.test_images) for share in (probe.accuracy, probe.random_accuracy))
        lines.append(f"{'Probe':<10} {measured} on {probe.data}; random weights {chance}")
    lines += _listed("Ignored in the file", card.keys_ignored) + _listed("Assumed", card.assumptions)
    lines += _listed("Remarks", card.remarks)
    return "\n".join(lines) + "\n"


def _rate(share: float, n: int) -> str:
    rate = wilson(share, n)
    return f"{100 * share:.1f} % ({100 * rate.low:.1f}–{100 * rate.high:.1f}, n {n:,})"


def _listed(title: str, items: tuple[str, ...]) -> list[str]:
    return [f"{title}:", *(f"  {item}" for item in items)] if items else []
