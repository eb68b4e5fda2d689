"""Settings: a typed face on an ini file in the settings folder. A value that cannot be never keeps the window shut."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from zepad_app.preferences import KEYS, Preferences, Scheme, as_text, read_preferences
from zepad_engine.places import settings_folder

T = TypeVar("T")
RECENTS_KEPT: Final = 10
# Runs whose thresholds are remembered: the ones touched last.
_RUNS_KEPT: Final = 100


class Settings(QObject):
    """What the window remembers from one time to the next.

    ``preferences_changed`` follows every change of a preference; ``dropped`` names the keys of the file that held
    nothing usable and stand at their defaults.
    """

    preferences_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.path = settings_folder() / "window.ini"
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)
        stored = {key: self._store.value(key) for key in self._store.allKeys()}
        self._preferences, dropped = read_preferences(stored)
        broken = self._store.status() == QSettings.Status.FormatError
        self.dropped: tuple[str, ...] = (self.path.name, *dropped) if broken else dropped

    @property
    def preferences(self) -> Preferences:
        """What the user prefers."""
        return self._preferences

    def prefer(self, **changes: object) -> None:
        """Change preferences, at once and for the next time."""
        new = msgspec.structs.replace(self._preferences, **changes)
        if new != self._preferences:
            self._preferences = new
            for name in changes:
                self._store.setValue(KEYS[name], as_text(getattr(new, name)))
            self.preferences_changed.emit(new)

    def reset_preferences(self) -> None:
        """Back to the defaults."""
        self.prefer(**msgspec.structs.asdict(Preferences()))

    @property
    def scheme(self) -> Scheme:
        """System, light or dark."""
        return self._preferences.scheme

    @property
    def text_scale(self) -> float:
        """Text size, 1 to 1.5."""
        return self._preferences.text_scale

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window; empty the first time."""
        return self.arrangement("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self.arrange("window/geometry", value)

    def arrangement(self, key: str) -> QByteArray:
        """How a splitter, a table or the window was left; empty where nothing is known."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def arrange(self, key: str, value: QByteArray) -> None:
        """Remember how a part of the window was left."""
        self._store.setValue(key, value)

    @property
    def place(self) -> str:
        """The place of the rail that was in front when the window was closed."""
        return str(self._store.value("window/place", "audit"))

    @place.setter
    def place(self, value: str) -> None:
        self._store.setValue("window/place", value)

    @property
    def folder(self) -> str:
        """The folder a file was chosen from last."""
        return str(self._store.value("files/folder", ""))

    @folder.setter
    def folder(self, value: str) -> None:
        self._store.setValue("files/folder", value)

    @property
    def recents(self) -> tuple[Path, ...]:
        """Encoders and audits opened before, newest first."""
        return tuple(Path(text) for text in self._decoded("files/recents", list[str], []))

    def remember(self, path: Path) -> None:
        """Put an encoder or an audit that was opened at the head of the recent ones."""
        kept = [str(path), *(str(known) for known in self.recents if known != path)][:RECENTS_KEPT]
        self._encode("files/recents", kept)

    def forget_recents(self) -> None:
        """Clear the recent ones, and the folder files were chosen from."""
        self._store.remove("files/recents")
        self._store.remove("files/folder")

    @property
    def thresholds(self) -> dict[str, dict[str, float]]:
        """The detector's thresholds chosen per run and task, the run touched last at the end."""
        found = self._decoded("results/thresholds", dict[str, dict[str, float]], {})
        return {
            run: {task: value for task, value in mine.items() if math.isfinite(value)} for run, mine in found.items()
        }

    @thresholds.setter
    def thresholds(self, value: dict[str, dict[str, float]]) -> None:
        self._encode("results/thresholds", dict(list(value.items())[-_RUNS_KEPT:]))

    def _decoded(self, key: str, kind: type[T], otherwise: T) -> T:
        try:
            return msgspec.json.decode(str(self._store.value(key, "")), type=kind)
        except msgspec.DecodeError:
            return otherwise

    def _encode(self, key: str, value: object) -> None:
        self._store.setValue(key, msgspec.json.encode(value).decode())
