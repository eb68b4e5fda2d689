"""From a file the user dropped to an Encoder; the file itself is only ever opened by a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

import zepad_engine
from zepad_engine.card import EncoderCard, Overrides, read_card
from zepad_engine.encoders.encoder import Encoder
from zepad_engine.encoders.families import build_encoder, empty_encoder
from zepad_engine.encoders.family import Hints
from zepad_engine.encoders.loader_child import Verdict, verdict_path
from zepad_engine.encoders.weights import compare
from zepad_engine.errors import BadCheckpoint

DEADLINE_SECONDS = 60.0
_MOST_SETTINGS = 1024 * 1024


def open_encoder(path: Path, overrides: Overrides | None = None) -> Encoder:
    """Read an encoder out of a checkpoint of unknown origin, on the CPU, in evaluation mode.

    A one-shot child process reads the file (at most 60 s, bounded memory) and leaves plain tensors; no pickle is
    ever opened in this process.

    Raises:
        BadCheckpoint: the file is refused, or its architecture is not known.
    """
    verdict, tensors = _read_apart(path)
    card, foreign_card = _card_beside(path, verdict.sha256)
    beside = _settings_beside(path)
    hints = Hints(
        name=path.stem,
        sha256=verdict.sha256,
        lightning=verdict.lightning,
        settings={**beside, **{key: value for key, value in verdict.settings.items() if key not in beside}},
        card=card,
        overrides=foreign_card if overrides is None else _merged(overrides, foreign_card),
    )
    return build_encoder(tensors, hints)


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


def _read_apart(path: Path) -> tuple[Verdict, dict[str, Tensor]]:
    with tempfile.TemporaryDirectory(prefix="zepad-") as folder:
        out = Path(folder) / "tensors.safetensors"
        _run_child(path, out)
        verdict = _verdict(out, path.name)
        if verdict.sentence:
            raise BadCheckpoint(verdict.sentence, verdict.advice, code=verdict.code)
        return verdict, load_file(out)


def _run_child(path: Path, out: Path) -> None:
    home = str(Path(zepad_engine.__file__).resolve().parent.parent)
    searched = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "zepad_engine.encoders.loader_child", str(path.absolute()), str(out)]
    try:
        subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=DEADLINE_SECONDS,
            env={**os.environ, "PYTHONPATH": searched},
        )
    except subprocess.TimeoutExpired as trouble:
        raise BadCheckpoint(
            f"Reading {path.name} took longer than {DEADLINE_SECONDS:.0f} seconds.",
            "Save the encoder alone, without optimiser state, best as safetensors.",
        ) from trouble


def _verdict(out: Path, name: str) -> Verdict:
    try:
        return msgspec.json.decode(verdict_path(out).read_bytes(), type=Verdict)
    except (OSError, msgspec.MsgspecError) as trouble:
        raise BadCheckpoint(
            f"The process that read {name} died of it.", "The file is damaged or made to harm; use another copy."
        ) from trouble


def _card_beside(path: Path, sha256: str) -> tuple[EncoderCard | None, Overrides]:
    """Our own card beside the file, if it speaks of these bytes; of a foreign card, what can be used of it."""
    if path.suffix != ".safetensors":
        return None, Overrides()
    with contextlib.suppress(BadCheckpoint):
        card = read_card(path)
        return (card if card.sha256 in {"", sha256} else None), Overrides()
    told = _json_beside(path.with_suffix(".json"))
    told["input_size"] = told.get("input_size", told.get("input"))
    with contextlib.suppress(msgspec.ValidationError):
        return None, msgspec.convert({key: told.get(key) for key in ("mean", "std", "input_size")}, Overrides)
    return None, Overrides()


def _merged(first: Overrides, second: Overrides) -> Overrides:
    pairs = zip(msgspec.structs.fields(Overrides), msgspec.structs.astuple(first), strict=True)
    return msgspec.structs.replace(second, **{field.name: value for field, value in pairs if value is not None})


def _settings_beside(path: Path) -> dict[str, str]:
    """Plain settings of solo-learn's args.json beside the checkpoint."""
    found: dict[str, str] = {}
    for key, value in _json_beside(path.with_name("args.json")).items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        for below, plain in inner:
            if isinstance(plain, str | int | float):
                found[f"{key}.{below}".rstrip(".")] = str(plain)[:200]
    return found


def _json_beside(path: Path) -> dict[str, object]:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_SETTINGS:
            return {}
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(told) if isinstance(told, dict) else {}
