"""``inspect``: open a file and say what it is: an encoder, with its preflight, or a perturbation."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from zepad_engine.command_line.guarding import DONE, say
from zepad_engine.command_line.preflight_text import card_text, perturbation_text
from zepad_engine.command_line.saying import add_saying_flags, overrides_of
from zepad_engine.errors import BadCheckpoint, BadInput, CannotJudge
from zepad_engine.plan import SAMPLE_PREFIX
from zepad_engine.resources import asset

if TYPE_CHECKING:
    from zepad_engine.preflight import Preflight

REFUSED, UNJUDGED = 3, 4
_ALWAYS_PERTURBATIONS: Final = (".npy", ".npz", ".png")
# A file refused for one of these may still be a perturbation.
_NO_ENCODER: Final = ("encoder.no_weights", "encoder.unknown")

_Found: TypeAlias = tuple[dict[str, object], str]
"""What the file is, as JSON and in words."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("file", help="encoder or perturbation file, Hugging Face folder, or sample:<name>")
    parser.add_argument("--json", action="store_true", help="everything as JSON, a refusal too")
    parser.add_argument("--no-checks", action="store_true", help="do not compute features of the bundled images")
    add_saying_flags(parser)


def run(flags: argparse.Namespace) -> int:
    """Print what the file is; the exit code."""
    path = _path(flags.file)
    try:
        found = _found(path, flags)
    except CannotJudge as trouble:
        return _refuse(trouble, "could not judge", UNJUDGED, as_json=flags.json)
    except BadInput as trouble:
        return _refuse(trouble, "refused", REFUSED, as_json=flags.json)
    sys.stdout.write(_as_json(found[0]) if flags.json else found[1])
    return DONE


def _found(path: Path, flags: argparse.Namespace) -> _Found:
    if path.suffix.lower() in _ALWAYS_PERTURBATIONS:
        return _perturbation(path)
    try:
        return _encoder(path, flags)
    except BadInput as trouble:
        if trouble.code not in _NO_ENCODER:
            raise
        with contextlib.suppress(BadInput):
            return _perturbation(path)
        raise


def _encoder(path: Path, flags: argparse.Namespace) -> _Found:
    preflight = _preflight(path, flags)
    return encoder_facts(preflight), card_text(preflight)


def _preflight(path: Path, flags: argparse.Namespace) -> Preflight:
    """The reader answers before torch is loaded here: a refusal needs none."""
    from zepad_engine.encoders.apart import read_apart
    from zepad_engine.encoders.beside import weight_file

    file = weight_file(path)
    with tempfile.TemporaryDirectory(prefix="zepad-") as folder:
        verdict = read_apart(file, Path(folder))
        from zepad_engine.encoders.reading import assembled
        from zepad_engine.jobs.inspecting import preflight_of

        opened = assembled(file, verdict, Path(folder), overrides_of(flags))
    preflight = preflight_of(opened)
    if flags.no_checks:
        return preflight
    from zepad_engine.checkup.checking import check
    from zepad_engine.execution.execution import Execution
    from zepad_engine.progress import Progress

    return check(preflight, opened.encoder, Execution.of(), Progress.silent())


def _perturbation(path: Path) -> _Found:
    from zepad_engine.attacks.perturbation_file import describe_perturbation

    facts = describe_perturbation(path)
    return {**_plain(facts), "format": facts.kind, "verdict": "opened", "kind": "perturbation"}, perturbation_text(
        facts
    )


def encoder_facts(preflight: Preflight) -> dict[str, object]:
    """The preflight as JSON: what a script asks for first at the top, then the whole card and the checks."""
    card, file = preflight.card, preflight.file
    return {
        "verdict": "opened",
        "kind": "encoder",
        "name": card.name,
        "family": card.family,
        "architecture": card.architecture.title,
        "parameters": card.parameters,
        "feature_dim": card.feature_dim,
        "input_size": card.input_size,
        "sha256": card.sha256,
        "keys_used": file.keys_used,
        "keys_ignored": file.keys_ignored,
        "assumptions": card.assumptions,
        "warnings": preflight.warnings,
        **_plain(preflight),
    }


def _plain(facts: msgspec.Struct) -> Mapping[str, object]:
    plain: Mapping[str, object] = msgspec.to_builtins(facts)
    return plain


def _refuse(trouble: BadInput, verdict: str, code: int, *, as_json: bool) -> int:
    if as_json:
        told: dict[str, object] = {
            "verdict": verdict,
            "reason": trouble.code,
            "sentence": trouble.sentence,
            "advice": trouble.advice,
        }
        if isinstance(trouble, BadCheckpoint) and trouble.choices:
            told["choices"] = trouble.choices
        sys.stdout.write(_as_json(told))
    else:
        choices = [f"  --net '{choice}'" for choice in trouble.choices]
        say(f"{verdict.capitalize()} ({trouble.code}): {trouble.sentence}", trouble.advice, *choices)
    return code


def _as_json(told: Mapping[str, object]) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode("utf-8") + "\n"


def _path(reference: str) -> Path:
    if reference.startswith(SAMPLE_PREFIX):
        return asset("encoders", f"{Path(reference.removeprefix(SAMPLE_PREFIX)).name}.safetensors")
    return Path(reference).expanduser()
