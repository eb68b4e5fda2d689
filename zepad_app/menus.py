"""The menu bar: every command with its shortcut, in one table."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu

from zepad_app.theme import SCHEMES, TEXT_SCALES, Scheme, Theme


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the window."""

    key: str
    menu: str
    text: str
    shortcut: str
    act: Callable[[], object]


def add_commands(window: QMainWindow, commands: tuple[Command, ...]) -> dict[str, QAction]:
    """Put the commands in the menu bar, menus in the order they first appear; returns the actions by key."""
    menus: dict[str, QMenu] = {}
    actions: dict[str, QAction] = {}
    for command in commands:
        if command.menu not in menus:
            menus[command.menu] = window.menuBar().addMenu(command.menu)
        action = QAction(command.text, window)
        action.setShortcut(QKeySequence(command.shortcut))
        action.triggered.connect(lambda _checked=False, act=command.act: act())
        menus[command.menu].addAction(action)
        actions[command.key] = action
    return actions


def add_look(menu: QMenu, theme: Theme, on_scheme: Callable[[Scheme], None], on_scale: Callable[[float], None]) -> None:
    """Light, dark or the system's; and the text size."""
    words = {"system": "Follow the system", "light": "Light", "dark": "Dark"}
    schemes = QActionGroup(menu)
    submenu = menu.addMenu("Theme")
    for scheme in SCHEMES:
        action = QAction(words[scheme], schemes, checkable=True, checked=theme.scheme == scheme)
        action.triggered.connect(lambda _checked=False, chosen=scheme: on_scheme(chosen))
        submenu.addAction(action)
    scales = QActionGroup(menu)
    submenu = menu.addMenu("Text size")
    for scale in TEXT_SCALES:
        action = QAction(f"{100 * scale:.0f} %", scales, checkable=True, checked=theme.scale == scale)
        action.triggered.connect(lambda _checked=False, chosen=scale: on_scale(chosen))
        submenu.addAction(action)


def follow_undo(stack: QUndoStack, actions: dict[str, QAction]) -> None:
    """Have Undo and Redo say what they would do, and grey where there is nothing to do."""
    undo, redo = actions["undo"], actions["redo"]
    stack.canUndoChanged.connect(undo.setEnabled)
    stack.canRedoChanged.connect(redo.setEnabled)
    stack.undoTextChanged.connect(lambda text: undo.setText(f"&Undo {text}".strip()))
    stack.redoTextChanged.connect(lambda text: redo.setText(f"&Redo {text}".strip()))
    undo.setEnabled(stack.canUndo())
    redo.setEnabled(stack.canRedo())
