"""A few exclusive choices side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from zepad_app.theme import Theme


class Segments(QWidget):
    """One of several words is chosen; arrow keys move the choice."""

    chosen = Signal(str)

    def __init__(
        self, theme: Theme, choices: Sequence[tuple[str, str, str]], name: str, parent: QWidget | None = None
    ) -> None:
        """``choices`` are (key, word, hint); the first is chosen."""
        super().__init__(parent)
        self._theme = theme
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self.setAccessibleName(name)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for key, word, hint in choices:
            layout.addWidget(self._button(key, word, hint))
        self._dress()
        theme.changed.connect(self._dress)

    @property
    def choice(self) -> str:
        """The key of the chosen word."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        """Choose as a click would."""
        self._buttons[key].click()

    def _button(self, key: str, word: str, hint: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(word)
        button.setToolTip(hint)
        button.setAccessibleName(word)
        button.setCheckable(True)
        button.setChecked(not self._buttons)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(button)
        self._buttons[key] = button
        return button

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self.setStyleSheet(
            f"QToolButton {{ padding: 4px 10px; color: {tokens.ink_soft}; border: 1px solid transparent; }}"
            f"QToolButton:checked {{ background: {tokens.raised}; color: {tokens.ink}; border-color: {tokens.line}; }}"
            f"QToolButton:focus {{ border-color: {tokens.accent}; }}"
        )
