"""A user's mouse in a story: buttons found by their words, and clicks that are counted."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot


class Mouse:
    """Clicks what can be seen and pressed, and counts."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.clicks = 0

    def click(self, parent: QWidget, words: str) -> None:
        """Click the button of these words, or of this accessible name."""
        found = [
            button
            for button in parent.findChildren(QAbstractButton)
            if words in (button.text(), button.accessibleName()) and button.isVisible()
        ]
        assert found, f"no button {words}"
        assert found[0].isEnabled(), f"{words} cannot be pressed"
        self._qtbot.mouseClick(found[0], Qt.MouseButton.LeftButton)
        self.clicks += 1


def texts(parent: QWidget) -> str:
    """Every label of a page, for what must be said somewhere on it."""
    return " | ".join(label.text() for label in parent.findChildren(QLabel))
