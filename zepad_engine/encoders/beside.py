"""What lies beside a weight file and speaks of it: our own card, or the settings of whoever trained it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from zepad_engine.card import EncoderCard, Overrides, read_card
from zepad_engine.errors import BadCheckpoint
from zepad_engine.shown_names import shown_name

# In the order of preference: the safe format first.
_WEIGHT_FILES: Final = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "diffusion_pytorch_model.safetensors",
    "pytorch_model.bin",
    "open_clip_pytorch_model.bin",
)
# solo-learn, Hugging Face and timm, open_clip; the first that names a setting counts.
_SETTINGS: Final = ("args.json", "preprocessor_config.json", "config.json", "open_clip_config.json")
_ENDINGS: Final = (".safetensors", ".pth", ".pt", ".ckpt", ".bin")
_PART: Final = re.compile(r"-\d{5}-of-\d{5}\b")
_FOREIGN_PARTS: Final = ("text_config", "text_cfg")
_MOST_SETTINGS = 1024 * 1024
_LONGEST_SETTING = 200
_DEEPEST = 4


def weight_file(path: Path) -> Path:
    """``path`` itself, or the weight file of a folder as Hugging Face lays it out.

    Raises:
        BadCheckpoint: the folder holds no weight file, or weights in several parts.
    """
    if not path.is_dir():
        _require_whole(path)
        return path
    named = [path / name for name in _WEIGHT_FILES if (path / name).is_file()]
    if not named and any(file.name.endswith(".index.json") for file in path.iterdir()):
        raise _in_parts(_name_of(path))
    found = named or [file for file in sorted(path.iterdir()) if file.suffix in _ENDINGS and file.is_file()]
    if named or len(found) == 1:
        _require_whole(found[0])
        return found[0]
    raise BadCheckpoint(
        f"{_name_of(path)} is a folder without a model.safetensors file.",
        "Choose the weight file inside it.",
        code="encoder.not_ordinary",
    )


def _require_whole(path: Path) -> None:
    if _PART.search(path.name):
        raise _in_parts(path.name)


def _in_parts(name: str) -> BadCheckpoint:
    return BadCheckpoint(
        f"The weights of {name} lie in several parts.",
        "Save the model as one model.safetensors file.",
        code="encoder.other_format",
    )


def _name_of(path: Path) -> str:
    return shown_name(path.absolute().resolve().name or "/")


def shown_stem(path: Path) -> str:
    """What to call an encoder: the file's name, or the folder's where the file has the same name everywhere."""
    folder = path.absolute().parent.resolve().name
    return folder if path.name in _WEIGHT_FILES and folder else path.stem


def card_beside(path: Path, sha256: str) -> tuple[EncoderCard | None, Overrides]:
    """Our own card beside the file, if it speaks of these bytes; of a foreign card, what can be used of it."""
    if path.suffix != ".safetensors":
        return None, Overrides()
    with contextlib.suppress(BadCheckpoint):
        card = read_card(path)
        return (card if card.sha256 in {"", sha256} else None), Overrides()
    told = _json_file(path.with_suffix(".json"))
    told["input_size"] = told.get("input_size", told.get("input"))
    with contextlib.suppress(msgspec.ValidationError):
        return None, msgspec.convert({key: told.get(key) for key in ("mean", "std", "input_size")}, Overrides)
    return None, Overrides()


def settings_beside(path: Path) -> dict[str, str]:
    """Plain settings in the JSON files beside the weights by dotted name; lists of numbers as JSON."""
    found: dict[str, str] = {}
    for name in _SETTINGS:
        for key, value in _plain(_json_file(path.with_name(name))):
            found.setdefault(key, value)
    return found


def _plain(told: dict[str, object], before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for key, value in told.items():
        if isinstance(value, dict) and depth < _DEEPEST and key not in _FOREIGN_PARTS:
            yield from _plain(value, f"{before}{key}.", depth + 1)
        elif isinstance(value, list) and all(isinstance(item, int | float) for item in value):
            yield f"{before}{key}", json.dumps(value)[:_LONGEST_SETTING]
        elif isinstance(value, str | int | float):
            yield f"{before}{key}", str(value)[:_LONGEST_SETTING]


def _json_file(path: Path) -> dict[str, object]:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_SETTINGS:
            return {}
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(told) if isinstance(told, dict) else {}
