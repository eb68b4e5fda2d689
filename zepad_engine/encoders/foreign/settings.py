"""Plain training settings that a checkpoint carries beside its weights: method, data set, image size and so on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from zepad_engine.encoders.foreign.pickle_values import Inert

_PLACES: Final = ("hyper_parameters", "hparams", "hyperparameters", "args", "opt", "config", "cfg")
_MOST: Final = 1_000
_MOST_NODES: Final = 20_000
_DEEPEST: Final = 5
_LONGEST: Final = 200
_LONGEST_LIST: Final = 8
_LARGEST: Final = 10**18
# ${...} would be filled in by omegaconf, from the environment among others.
_REFERENCE: Final = "${"
# Of an absolute path the last part may name the data set; the rest tells where the author lives.
_PATH: Final = re.compile(r"\s*([/\\~]|[A-Za-z]:[/\\]).*?(?P<last>[^/\\]*)[/\\]*\s*", re.DOTALL)


def settings_in(loaded: object) -> dict[str, str]:
    """Settings by dotted name, as text of at most 200 characters; at most 1,000 of them.

    They are read out of the places where training programs keep them, through their own objects too. Nothing is
    resolved: a text that refers to a variable is left out. Of an absolute path only the last part is kept.
    """
    found: dict[str, str] = {}
    inside = _inside(loaded) if isinstance(loaded, dict) else {}
    # What training programs write beside the weights: the name of the architecture and no more.
    places = [{name: inside.get(name) for name in ("arch",)}, *(inside.get(place) for place in _PLACES)]
    nodes = 0
    for place in places:
        for name, text in _plain(place):
            nodes += 1
            if nodes > _MOST_NODES or len(found) >= _MOST:
                return found
            if text and name.isprintable() and len(name) <= _LONGEST:
                found[name] = text
    return found


def _inside(value: object) -> dict[object, object]:
    """The entries of a container or of a configuration object; omegaconf keeps them as ``_content``."""
    if isinstance(value, Inert):
        if value.entries:
            return value.entries
        value = value.state
        content = value.get("_content") if isinstance(value, dict) else None
        value = content if isinstance(content, dict) else value
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A plain value as text, empty for anything else; omegaconf keeps a value as ``_val`` of a node."""
    if isinstance(value, Inert) and isinstance(value.state, dict):
        value = value.state.get("_val")
    if isinstance(value, list | tuple) and 0 < len(value) <= _LONGEST_LIST:
        parts = [_word(one) for one in value]
        return f"[{', '.join(parts)}]" if all(parts) else ""
    return _word(value)


def _word(value: object) -> str:
    if not isinstance(value, str | int | float) or (isinstance(value, int) and abs(value) > _LARGEST):
        return ""
    text = "".join(mark for mark in str(value)[:_LONGEST] if mark.isprintable())
    path = _PATH.fullmatch(text)
    return "" if _REFERENCE in text else path["last"] if path else text


def _plain(settings: object) -> Iterator[tuple[str, str]]:
    """Name and text (empty if none) of everything inside, outer containers first; never recursive."""
    waiting = [("", 0, settings)]
    for path, depth, value in waiting:
        for key, inner in _inside(value).items():
            # An omegaconf node points back at its parent.
            if type(key) is not str or key in {"_parent", "_metadata"}:
                continue
            text = _text(inner)
            yield path + key, text
            if not text and depth < _DEEPEST and len(waiting) < _MOST_NODES and isinstance(inner, dict | Inert):
                waiting.append((f"{path}{key}.", depth + 1, inner))
