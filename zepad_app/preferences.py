"""What the user prefers: one typed value, each key of it read for itself, so that a bad one costs only itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from zepad_engine.plan import Arithmetic, AuditPlan

Scheme: TypeAlias = Literal["system", "light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("system", "light", "dark")
TEXT_SCALES: Final = (1.0, 1.25, 1.5)
MOST_WORKERS: Final = 64
MOST_THREADS: Final = 64


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    scheme: follow the system, or stay light or dark.
    text_scale: text size relative to the design's, 1 to 1.5.
    reduced_motion: nothing moves by itself.
    device, arithmetic, workers, threads: what a new plan starts with; see ``AuditPlan``.
    runs_folder, cache_folder: absolute paths, or "" for the places of the system.
    """

    scheme: Scheme = "system"
    text_scale: Annotated[float, msgspec.Meta(ge=TEXT_SCALES[0], le=TEXT_SCALES[-1])] = 1.0
    reduced_motion: bool = False
    device: Annotated[str, msgspec.Meta(pattern=r"^(auto|cpu|mps|cuda(:[0-9]+)?)$")] = "auto"
    arithmetic: Arithmetic = "fast"
    workers: Annotated[int, msgspec.Meta(ge=0, le=MOST_WORKERS)] = 0
    threads: Annotated[int, msgspec.Meta(ge=1, le=MOST_THREADS)] = 1
    runs_folder: Annotated[str, msgspec.Meta(pattern=r"^(|/.*|[A-Za-z]:[\\/].*|\\\\.*)$")] = ""
    cache_folder: Annotated[str, msgspec.Meta(pattern=r"^(|/.*|[A-Za-z]:[\\/].*|\\\\.*)$")] = ""

    def into(self, plan: AuditPlan) -> AuditPlan:
        """A new plan on the device, with the arithmetic, workers and threads preferred."""
        return msgspec.structs.replace(
            plan, device=self.device, arithmetic=self.arithmetic, workers=self.workers, threads=self.threads
        )


# Where each preference stands in the settings file.
KEYS: Final = {
    "scheme": "look/scheme",
    "text_scale": "look/text_scale",
    "reduced_motion": "look/reduced_motion",
    "device": "run/device",
    "arithmetic": "run/arithmetic",
    "workers": "run/workers",
    "threads": "run/threads",
    "runs_folder": "folders/runs",
    "cache_folder": "folders/cache",
}
_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Preferences)}


def read_preferences(stored: Mapping[str, Any]) -> tuple[Preferences, tuple[str, ...]]:
    """The preferences in a settings file, and the keys whose value is none of theirs and was left out."""
    good: dict[str, Any] = {}
    bad: list[str] = []
    for name, key in KEYS.items():
        if key not in stored:
            continue
        try:
            good[name] = msgspec.convert(stored[key], _TYPES[name], strict=False)
        except msgspec.ValidationError:
            bad.append(key)
    return Preferences(**good), tuple(bad)


def as_text(value: object) -> str:
    """A value as it stands in the settings file."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class FolderWishes:
    """Tells the engine's places, here and in the processes started from here, which folders are preferred."""

    _VARIABLES: Final = {"runs_folder": "ZEPAD_RUNS", "cache_folder": "ZEPAD_CACHE"}

    def __init__(self) -> None:
        # What stood there before is the user's own; it comes back where nothing is preferred.
        self._before = {name: os.environ.get(variable, "") for name, variable in self._VARIABLES.items()}

    def apply(self, preferences: Preferences) -> None:
        """Make the preferred folders the ones in use."""
        for name, variable in self._VARIABLES.items():
            os.environ[variable] = getattr(preferences, name) or self._before[name]


def folder_trouble(text: str) -> str:
    """Why a folder cannot be used, or ""; it need not be there yet."""
    path = Path(text)
    if not text:
        return ""
    if not path.is_absolute():
        return "Give the whole path, from the root on."
    place = next((place for place in (path, *path.parents) if place.exists()), None)
    if place is None or not place.is_dir():
        return "There is a file where the folder should be."
    return "" if os.access(place, os.W_OK) else "That folder cannot be written."
