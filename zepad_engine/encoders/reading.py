"""From a file the user dropped to an Encoder; the file itself is only ever opened by a process of its own."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load, load_file

from zepad_engine.card import Overrides, read_card
from zepad_engine.encoders.apart import TENSORS, read_apart
from zepad_engine.encoders.beside import card_beside, settings_beside, shown_stem, weight_file
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.families import build_encoder, empty_encoder
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.loader_child import Verdict
from zepad_engine.encoders.weights import compare
from zepad_engine.errors import BadCheckpoint


@dataclass(frozen=True, slots=True)
class Opened:
    """An encoder read out of a checkpoint, and what the file was.

    Attributes:
        encoder: on the CPU, in evaluation mode.
        file: name of the weight file.
        verdict: what the reader said of the file.
        keys_used: where in the file the encoder's tensors lie.
    """

    encoder: Encoder
    file: str
    verdict: Verdict
    keys_used: tuple[str, ...]


def open_encoder(path: Path, overrides: Overrides | None = None) -> Encoder:
    """The encoder of ``open_checkpoint``, which see."""
    return open_checkpoint(path, overrides).encoder


def open_checkpoint(path: Path, overrides: Overrides | None = None) -> Opened:
    """Read an encoder out of a checkpoint of unknown origin, a file or a folder of Hugging Face.

    A one-shot child process reads the file (at most 60 s, bounded memory) and leaves plain tensors; no pickle is
    ever opened in this process.

    Raises:
        BadCheckpoint: the file is refused, or its architecture is not known.
        CannotJudge: several encoders are in it, the reader died, or a package is missing.
    """
    path = weight_file(path)
    with tempfile.TemporaryDirectory(prefix="zepad-") as folder:
        return assembled(path, read_apart(path, Path(folder)), Path(folder), overrides)


def assembled(path: Path, verdict: Verdict, folder: Path, overrides: Overrides | None = None) -> Opened:
    """The encoder in the tensors that the reader of ``path`` left in ``folder``; raises as ``open_checkpoint`` does."""
    tensors = load_file(folder / TENSORS)
    card, foreign_card = card_beside(path, verdict.sha256)
    beside = settings_beside(path)
    hints = Hints(
        name=shown_stem(path),
        sha256=verdict.sha256,
        lightning=verdict.lightning,
        settings={**beside, **{key: value for key, value in verdict.settings.items() if key not in beside}},
        card=card,
        overrides=foreign_card if overrides is None else _merged(overrides, foreign_card),
    )
    encoder, used = build_encoder(tensors, hints)
    return Opened(encoder, path.name, verdict, used)


def load_own(path: Path) -> Encoder:
    """Read an encoder that ZePAD wrote (safetensors with its card), in this process, in evaluation mode.

    Raises:
        BadCheckpoint: weights or card are missing, damaged, or do not belong together.
    """
    card = read_card(path)
    try:
        content = path.read_bytes()
        tensors = load(content)
    except (OSError, SafetensorError, ValueError) as trouble:
        raise BadCheckpoint(f"{path.name} cannot be read.", "Copy the file and its card again.") from trouble
    if card.sha256 and hashlib.sha256(content).hexdigest() != card.sha256:
        raise BadCheckpoint(f"The bytes of {path.name} are not those its card speaks of.", "Copy both files again.")
    encoder = empty_encoder(card)
    match = compare(tensors, encoder.backbone.state_dict())
    if not match.whole:
        raise BadCheckpoint(f"Only {match.found} of {match.expected} tensors of the card's net are in {path.name}.")
    encoder.backbone.load_state_dict(tensors)
    return encoder


def _merged(first: Overrides, second: Overrides) -> Overrides:
    pairs = zip(msgspec.structs.fields(Overrides), msgspec.structs.astuple(first), strict=True)
    return msgspec.structs.replace(second, **{field.name: value for field, value in pairs if value is not None})
