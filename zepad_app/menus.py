"""The menu bar, built from the table of commands; a shortcut stands beside each word."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from zepad_app.preferences import SCHEMES, TEXT_SCALES, Scheme
from zepad_app.settings import Settings
from zepad_app.state import State
from zepad_app.theme import Theme
from zepad_engine.export_formats import FORMATS
from zepad_engine.shown_names import shown_name

T = TypeVar("T")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the window; ``menu`` may be a path ("&File/&Export"), a "-" before ``text`` draws a line above."""

    key: str
    menu: str
    text: str
    shortcut: str
    act: Callable[[], object]

    @property
    def words(self) -> str:
        """The text as one reads it, after the menu inside a menu it stands in."""
        _, inside, menu = self.menu.replace("&", "").partition("/")
        words = re.sub(r"^-|^&\d |&|…$", "", self.text)
        return f"{menu}: {words}" if inside else words


def add_commands(window: QMainWindow, commands: tuple[Command, ...]) -> dict[str, QAction]:
    """Put the commands in the menu bar, menus in the order they first appear; returns the actions by key."""
    menus: dict[str, QMenu] = {}
    actions: dict[str, QAction] = {}
    for command in commands:
        menu = _menu(window.menuBar(), command.menu, menus)
        if command.text.startswith("-"):
            menu.addSeparator()
        action = QAction(command.text.lstrip("-"), window)
        action.setShortcut(QKeySequence(command.shortcut))
        action.triggered.connect(lambda _checked=False, act=command.act: act())
        menu.addAction(action)
        actions[command.key] = action
    return actions


def _menu(bar: QMenuBar, path: str, menus: dict[str, QMenu]) -> QMenu:
    if path not in menus:
        above, _, name = path.rpartition("/")
        menus[path] = (_menu(bar, above, menus) if above else bar).addMenu(name)
    return menus[path]


class ChoiceMenu(QMenu):
    """Exclusive choices, one marked; ``follow`` moves the mark to where the choice was made elsewhere."""

    def __init__(
        self, title: str, choices: tuple[tuple[T, str], ...], on_chosen: Callable[[T], None], window: QMainWindow
    ) -> None:
        super().__init__(title, window)
        self._group = QActionGroup(self)
        self._marks: dict[T, QAction] = {}
        for key, words in choices:
            action = QAction(words, self._group, checkable=True)
            action.triggered.connect(lambda _checked=False, chosen=key: on_chosen(chosen))
            self.addAction(action)
            self._marks[key] = action

    def follow(self, key: T) -> None:
        """Mark a choice; nothing is marked where it is none of these."""
        for known, action in self._marks.items():
            action.setChecked(known == key)


def add_look(
    window: QMainWindow,
    actions: dict[str, QAction],
    theme: Theme,
    on_scheme: Callable[[Scheme], None],
    on_scale: Callable[[float], None],
) -> None:
    """Light, dark or the system's, and the text size, as menus in the places of two commands."""
    words = {"system": "Follow the system", "light": "Light", "dark": "Dark"}
    look = ChoiceMenu("&Theme", tuple((scheme, words[scheme]) for scheme in SCHEMES), on_scheme, window)
    sizes = ChoiceMenu("Text si&ze", tuple((scale, f"{100 * scale:.0f} %") for scale in TEXT_SCALES), on_scale, window)

    def mark() -> None:
        look.follow(theme.scheme)
        sizes.follow(theme.scale)

    theme.changed.connect(mark)
    mark()
    actions["theme"].setMenu(look)
    actions["size"].setMenu(sizes)


def follow_undo(stack: QUndoStack, actions: dict[str, QAction]) -> None:
    """Have Undo and Redo say what they would do, and grey where there is nothing to do."""
    undo, redo = actions["undo"], actions["redo"]
    stack.canUndoChanged.connect(undo.setEnabled)
    stack.canRedoChanged.connect(redo.setEnabled)
    stack.undoTextChanged.connect(lambda text: undo.setText(f"&Undo {text}".strip()))
    stack.redoTextChanged.connect(lambda text: redo.setText(f"&Redo {text}".strip()))
    undo.setEnabled(stack.canUndo())
    redo.setEnabled(stack.canRedo())


def follow_run(state: State, actions: dict[str, QAction]) -> None:
    """Grey what cannot be done now, and have Pause say what it would do."""
    paused = state.phase == "paused"
    for form in FORMATS:
        actions[form.key].setEnabled(state.report is not None and not state.busy)
    actions["cancel"].setEnabled(state.phase in ("running", "paused"))
    actions["pause"].setEnabled(paused or state.can_pause)
    actions["pause"].setText("&Resume the audit" if paused else "&Pause the audit")


class RecentMenu(QMenu):
    """Encoders and audits opened before, newest first; what is not there any more is grey."""

    def __init__(self, settings: Settings, on_chosen: Callable[[Path], object], window: QMainWindow) -> None:
        super().__init__("Open &Recent", window)
        self._settings = settings
        self._on_chosen = on_chosen
        self.aboutToShow.connect(self.refresh)

    def refresh(self) -> None:
        """List them anew."""
        self.clear()
        recents = self._settings.recents
        for number, path in enumerate(recents, 1):
            there = path.exists()
            name = shown_name(path.name).replace("&", "&&")
            action = self.addAction(f"&{number % 10}  {name}" + ("" if there else " (not there any more)"))
            action.setToolTip(str(path))
            action.setEnabled(there)
            action.triggered.connect(lambda _checked=False, path=path: self._on_chosen(path))
        if not recents:
            self.addAction("Nothing opened yet").setEnabled(False)
        self.addSeparator()
        clear = self.addAction("&Clear this list")
        clear.setEnabled(bool(recents))
        clear.triggered.connect(self._settings.forget_recents)
