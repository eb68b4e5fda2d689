"""The preferences: everything applies at once; a search narrows them; one button goes back to the defaults."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from zepad_app.folder_care import emptying, measuring, size_in_words
from zepad_app.pages import plan_words
from zepad_app.preferences import MOST_THREADS, MOST_WORKERS, SCHEMES, TEXT_SCALES, Preferences, folder_trouble
from zepad_app.settings import Settings
from zepad_app.slices import Slices
from zepad_app.theme import label, line
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import plain, secondary
from zepad_app.widgets.column import Column
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.folder_input import FolderInput
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput
from zepad_engine.messages import Ready
from zepad_engine.places import cache_folder, logs_folder, runs_folder, settings_folder

_SCHEME_WORDS: Final = {"system": "Follow the system", "light": "Light", "dark": "Dark"}
_ARITHMETIC: Final = (("fast", "Fast, bfloat16"), ("exact", "Exact, float32"))
_ARITHMETIC_HINT: Final = "Of crafting and training; fast rounds where the processor can. Scoring is float32 in both."
_PRIVACY: Final = (
    "Nothing leaves this machine: ZePAD opens no connection, sends no statistics and asks no server for updates. "
    "It writes in these four folders only, and where you export to. Logs may hold names of files and folders."
)


class PreferencesDialog(QDialog):
    """One page of preferences in four groups."""

    recents_cleared = Signal()

    def __init__(self, parent: QWidget | None, settings: Settings, ready: Ready | None, *, busy: bool) -> None:
        super().__init__(parent)
        self._settings = settings
        self._sizes = {name: Slices(self) for name in ("runs", "cache")}
        self._emptying = Slices(self)
        self._groups: list[tuple[QWidget, list[tuple[QWidget, str]]]] = []
        self.setWindowTitle("Preferences")
        self.resize(720, 700)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search preferences")
        self.search.setAccessibleName("Search preferences")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_searched)
        self._make_controls(ready)
        self._column = Column(672)
        self._fill(busy=busy)
        self._arrange()
        self.show_preferences(settings.preferences)
        self._connect()
        self._measure()

    def show_preferences(self, preferences: Preferences) -> None:
        """Show what is preferred, telling nobody."""
        controls = (self.scheme, self.text_scale, self.device, self.arithmetic, self.workers, self.threads, self.motion)
        blockers = [QSignalBlocker(control) for control in controls]
        self.scheme.choose(preferences.scheme)
        self.text_scale.choose(str(preferences.text_scale))
        self.motion.setChecked(preferences.reduced_motion)
        if self.device.findData(preferences.device) < 0:
            self.device.addItem(f"{preferences.device}, not there now", preferences.device)
        self.device.choose(preferences.device)
        self.arithmetic.choose(preferences.arithmetic)
        self.workers.setValue(preferences.workers)
        self.threads.setValue(preferences.threads)
        self.runs.show_otherwise(str(runs_folder()))
        self.runs.show_path(preferences.runs_folder)
        self.cache.show_otherwise(str(cache_folder()))
        self.cache.show_path(preferences.cache_folder)
        for blocker in blockers:
            blocker.unblock()

    def _make_controls(self, ready: Ready | None) -> None:
        self.scheme = ChoiceInput(tuple((scheme, _SCHEME_WORDS[scheme]) for scheme in SCHEMES))
        self.text_scale = ChoiceInput(tuple((str(scale), f"{100 * scale:.0f} %") for scale in TEXT_SCALES))
        self.motion = QCheckBox("Nothing fades or slides by itself")
        self.motion.setAccessibleName("Reduced motion")
        self.device = ChoiceInput(device_choices(ready))
        self.arithmetic = ChoiceInput(_ARITHMETIC)
        self.workers = IntegerInput(0, MOST_WORKERS, lowest="Automatic")
        self.threads = IntegerInput(1, MOST_THREADS)
        self.runs = FolderInput("Folder of audits")
        self.cache = FolderInput("Folder of the cache")
        self.runs_size, self.cache_size = label("", "caption", soft=True), label("", "caption", soft=True)
        self.clear_cache = secondary("Clear the cache", self._on_clear_cache)
        self.clear_recents = secondary("Clear recent files", self._on_clear_recents)
        self.reset = plain("Reset to defaults", self._settings.reset_preferences, "Reset all preferences to defaults")

    def _connect(self) -> None:
        prefer = self._settings.prefer
        self.scheme.currentIndexChanged.connect(lambda: prefer(scheme=self.scheme.key))
        self.text_scale.currentIndexChanged.connect(lambda: prefer(text_scale=float(self.text_scale.key)))
        self.motion.toggled.connect(lambda on: prefer(reduced_motion=on))
        self.device.currentIndexChanged.connect(lambda: prefer(device=self.device.key))
        self.arithmetic.currentIndexChanged.connect(lambda: prefer(arithmetic=self.arithmetic.key))
        self.workers.valueChanged.connect(lambda value: prefer(workers=value))
        self.threads.valueChanged.connect(lambda value: prefer(threads=value))
        self.runs.chosen.connect(lambda: self._on_folder("runs_folder", self.runs))
        self.cache.chosen.connect(lambda: self._on_folder("cache_folder", self.cache))
        self._settings.preferences_changed.connect(self._on_preferred)
        self._sizes["runs"].done.connect(lambda size: self.runs_size.setText(f"{size_in_words(size)} in audits"))
        self._sizes["cache"].done.connect(lambda size: self.cache_size.setText(f"{size_in_words(size)}; made again"))
        self._emptying.done.connect(self._on_emptied)

    def _fill(self, *, busy: bool) -> None:
        self._add_group(
            "Look",
            (
                FieldRow("Theme", self.scheme),
                FieldRow("Text size", self.text_scale),
                FieldRow("Reduced motion", self.motion),
            ),
        )
        self._add_group(
            "New audits start with",
            (
                FieldRow("Device", self.device),
                FieldRow("Arithmetic", self.arithmetic, hint=_ARITHMETIC_HINT),
                FieldRow("Worker processes", self.workers),
                FieldRow("Threads of each worker", self.threads),
            ),
        )
        self.clear_cache.setEnabled(not busy)
        if busy:
            self.clear_cache.setToolTip("Not while an audit runs.")
        self._folder_rows = {
            "runs_folder": FieldRow("Audits", self.runs),
            "cache_folder": FieldRow("Cache", self.cache),
        }
        sizes = self._line(self.runs_size, self.cache_size, self.clear_cache)
        self._add_group("Folders", (*self._folder_rows.values(), sizes))
        words = label(_PRIVACY)
        words.setWordWrap(True)
        self._places = label("", "caption", soft=True)
        self._places.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._places.setWordWrap(True)
        self._tell_places()
        self._add_group("Privacy", (words, self._places, self._line(self.clear_recents)))
        self._column.body.addStretch(1)

    def _add_group(self, title: str, rows: tuple[QWidget, ...]) -> None:
        card = QFrame()
        card.setProperty("surface", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        column.setSpacing(BETWEEN - 4)
        column.addWidget(label(title, "section"))
        for row in rows:
            column.addWidget(row)
        self._column.body.addWidget(card)
        self._groups.append((card, [(row, f"{title} {_words_of(row)}".lower()) for row in rows]))

    def _line(self, *widgets: QWidget) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(BETWEEN)
        for widget in widgets[:-1]:
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(widgets[-1])
        return line

    def _arrange(self) -> None:
        path = label(f"Kept in {self._settings.path}", "caption", soft=True)
        path.setWordWrap(True)
        path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        foot = QHBoxLayout()
        foot.setContentsMargins(AROUND, BETWEEN, AROUND, BETWEEN)
        foot.setSpacing(INSIDE)
        foot.addWidget(path, 1)
        foot.addWidget(self.reset)
        foot.addWidget(secondary("Close", self.accept))
        head = QHBoxLayout()
        head.setContentsMargins(AROUND, BETWEEN, AROUND, 0)
        head.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._column, 1)
        column.addWidget(line())
        column.addLayout(foot)

    def _measure(self) -> None:
        for words in (self.runs_size, self.cache_size):
            words.setText("Measuring…")
        self._sizes["runs"].run(measuring((runs_folder(),)))
        self._sizes["cache"].run(measuring((cache_folder(),)))

    def _tell_places(self) -> None:
        places = {
            "Settings": settings_folder(),
            "Audits": runs_folder(),
            "Cache": cache_folder(),
            "Logs": logs_folder(),
        }
        self._places.setText("\n".join(f"{name}: {path}" for name, path in places.items()))

    def _on_folder(self, name: str, control: FolderInput) -> None:
        trouble = folder_trouble(control.path)
        self._folder_rows[name].complain(trouble)
        if not trouble:
            self._settings.prefer(**{name: control.path})

    def _on_preferred(self, preferences: Preferences) -> None:
        self.show_preferences(preferences)
        self._tell_places()
        self._measure()

    def _on_clear_cache(self) -> None:
        self.clear_cache.setEnabled(False)
        self._emptying.run(emptying(cache_folder()))

    def _on_emptied(self, freed: int) -> None:
        self.clear_cache.setText(f"{size_in_words(freed)} freed")
        self._measure()

    def _on_clear_recents(self) -> None:
        self._settings.forget_recents()
        self.clear_recents.setText("Cleared")
        self.clear_recents.setEnabled(False)
        self.recents_cleared.emit()

    def _on_searched(self, text: str) -> None:
        wanted = text.lower().split()
        for card, rows in self._groups:
            shown = 0
            for row, words in rows:
                fits = all(word in words for word in wanted)
                row.setVisible(fits)
                shown += fits
            card.setVisible(shown > 0)


def device_choices(ready: Ready | None) -> tuple[tuple[str, str], ...]:
    """The devices of this machine by name, as far as the engine has told them."""
    return plan_words.device_choices(ready) if ready is not None else (("auto", "Automatic"), ("cpu", "CPU"))


def _words_of(row: QWidget) -> str:
    own = [row.text] if isinstance(row, FieldRow) else []
    return " ".join(
        own + [found.text() for found in row.findChildren(QLabel)] + ([row.text()] if isinstance(row, QLabel) else [])
    )
