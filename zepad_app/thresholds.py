"""The detector's thresholds a user has chosen, per run and task: set on the results page, obeyed by the inspector."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from zepad_app.settings import Settings


class Thresholds(QObject):
    """What was chosen instead of the calibrated threshold; kept in the window's settings.

    ``changed(folder, task)`` tells a run's folder (Path) and a task's name whenever its choice has changed.
    """

    changed = Signal(object, str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._runs: dict[str, dict[str, float]] = settings.thresholds

    def chosen(self, folder: Path, task: str) -> float | None:
        """The score above which an image of this run's task is flagged; None where the calibrated one stands."""
        return self._runs.get(_key(folder), {}).get(task)

    def choose(self, folder: Path, task: str, value: float | None) -> None:
        """Flag above ``value`` from now on; None goes back to the calibrated threshold.

        Raises:
            ValueError: where the value is no finite number.
        """
        if value is not None and not math.isfinite(value):
            raise ValueError(f"a threshold must be finite, not {value}")
        if value == self.chosen(folder, task):
            return
        mine = {name: known for name, known in self._runs.pop(_key(folder), {}).items() if name != task}
        if value is not None:
            mine[task] = value
        if mine:
            self._runs[_key(folder)] = mine
        self._settings.thresholds = self._runs
        self.changed.emit(folder, task)


def _key(folder: Path) -> str:
    """A run in the settings file: a digest, since a path may hold anything."""
    return hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
