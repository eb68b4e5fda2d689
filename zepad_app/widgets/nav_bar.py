"""The rail at the left: one button per place."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE

_WIDTH: Final = 64


class NavBar(QFrame):
    """Places of the window; a place without content is disabled and says why."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, places: tuple[tuple[str, str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._buttons: dict[str, QToolButton] = {}
        self._icons = {key: icon for key, _, icon in places}
        self._group = QButtonGroup(self)
        self.setProperty("surface", "rail")
        self.setAccessibleName("Places")
        column = QVBoxLayout(self)
        column.setContentsMargins(INSIDE, INSIDE, INSIDE, INSIDE)
        column.setSpacing(4)
        for key, text, _ in places:
            column.addWidget(self._add(key, text))
        column.addStretch()
        theme.changed.connect(self._dress)
        self._dress()

    def show_place(self, key: str) -> None:
        """Mark the place that is shown."""
        self._buttons[key].setChecked(True)
        self._dress()

    def button(self, key: str) -> QToolButton:
        """The button of a place."""
        return self._buttons[key]

    def _add(self, key: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(text)
        button.setCheckable(True)
        button.setProperty("kind", "rail")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(22, 22))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(button)
        self._buttons[key] = button
        return button

    def _width(self) -> int:
        """Of every button, whichever is chosen: room for the longest word in the weight of the chosen one."""
        font = self._theme.font("caption")
        font.setWeight(QFont.Weight.DemiBold)
        words = max(QFontMetrics(font).horizontalAdvance(button.text()) for button in self._buttons.values())
        return max(_WIDTH, words + 2 * INSIDE)

    def _dress(self) -> None:
        tokens, width = self._theme.tokens, self._width()
        for key, button in self._buttons.items():
            colour = tokens.ink if button.isChecked() else tokens.ink_soft
            button.setIcon(self._theme.icon(self._icons[key], colour))
            button.setMinimumWidth(width)
