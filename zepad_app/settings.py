"""Settings: a typed face on an ini file in the settings folder."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from PySide6.QtCore import QByteArray, QSettings

from zepad_app.theme import SCHEMES, Scheme
from zepad_engine.places import settings_folder

# Runs whose thresholds are remembered: the ones touched last.
_RUNS_KEPT: Final = 100


class Settings:
    """What the window remembers from one time to the next."""

    def __init__(self) -> None:
        self._store = QSettings(str(settings_folder() / "window.ini"), QSettings.Format.IniFormat)

    @property
    def scheme(self) -> Scheme:
        """System, light or dark."""
        value = self._store.value("look/scheme", "system")
        return next((scheme for scheme in SCHEMES if scheme == value), "system")

    @scheme.setter
    def scheme(self, value: Scheme) -> None:
        self._store.setValue("look/scheme", value)

    @property
    def text_scale(self) -> float:
        """Text size, 1 to 1.5."""
        try:
            return float(str(self._store.value("look/text_scale", "1.0")))
        except ValueError:
            return 1.0

    @text_scale.setter
    def text_scale(self, value: float) -> None:
        self._store.setValue("look/text_scale", str(value))

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window; empty the first time."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def folder(self) -> str:
        """The folder a file was chosen from last."""
        return str(self._store.value("files/folder", ""))

    @folder.setter
    def folder(self, value: str) -> None:
        self._store.setValue("files/folder", value)

    @property
    def thresholds(self) -> dict[str, dict[str, float]]:
        """The detector's thresholds chosen per run and task, the run touched last at the end."""
        try:
            found = msgspec.json.decode(
                str(self._store.value("results/thresholds", "{}")), type=dict[str, dict[str, float]]
            )
        except msgspec.DecodeError:
            return {}
        return {
            run: {task: value for task, value in mine.items() if math.isfinite(value)} for run, mine in found.items()
        }

    @thresholds.setter
    def thresholds(self, value: dict[str, dict[str, float]]) -> None:
        kept = dict(list(value.items())[-_RUNS_KEPT:])
        self._store.setValue("results/thresholds", msgspec.json.encode(kept).decode())
