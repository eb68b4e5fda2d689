"""Buttons of the kinds the window uses."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from zepad_app.theme import Theme


def primary(text: str, on_click: Callable[[], object], name: str = "") -> QPushButton:
    """The one button of a page that leads on."""
    return _button(text, on_click, "primary", name)


def secondary(text: str, on_click: Callable[[], object], name: str = "") -> QPushButton:
    """A button with a border."""
    return _button(text, on_click, "secondary", name)


def plain(text: str, on_click: Callable[[], object], name: str = "") -> QPushButton:
    """A button without a border, for what is rarely wanted."""
    return _button(text, on_click, "plain", name)


def _button(text: str, on_click: Callable[[], object], kind: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("kind", kind)
    button.setAccessibleName(name or text)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.clicked.connect(lambda: on_click())
    return button


class IconButton(QToolButton):
    """A square button that shows only an icon; its name is told by tooltip and to screen readers."""

    def __init__(self, theme: Theme, icon: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self.setIconSize(QSize(18, 18))
        self.setToolTip(name)
        self.setAccessibleName(name)
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.setIcon(self._theme.icon(self._icon, self._theme.tokens.ink_soft))
