"""The small panel beside a number that tells how it was measured."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.recipe import Recipe
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary

_WIDTH = 440


class RecipePopover(QFrame):
    """Closes with Escape or a click elsewhere; its text can be copied."""

    def __init__(self, theme: Theme, recipe: Recipe, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "card")
        self.setAccessibleName("How this was measured")
        self.setAccessibleDescription(recipe.as_text())
        self._theme = theme
        self.recipe = recipe
        self.copy = secondary("Copy", self._on_copy, "Copy how this was measured")
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        column.setSpacing(INSIDE)
        column.addLayout(self._head())
        if recipe.number:
            column.addWidget(self._text(recipe.number))
        column.addLayout(self._lines())
        column.addWidget(self._command())
        self.setFixedWidth(round(_WIDTH * theme.scale))

    def show_at(self, place: QPoint) -> None:
        """Open beside a place of the screen, wholly on that screen."""
        self.adjustSize()
        screen = QGuiApplication.screenAt(place) or self.screen()
        room: QRect = screen.availableGeometry()
        left = min(place.x(), room.right() - self.width() - INSIDE)
        top = min(place.y(), room.bottom() - self.height() - INSIDE)
        self.move(max(left, room.left()), max(top, room.top()))
        self.show()
        self.copy.setFocus()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(INSIDE)
        title = self._text(self.recipe.what)
        title.setProperty("strong", True)
        row.addWidget(title, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _lines(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(BETWEEN)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(self.recipe.lines):
            grid.addWidget(self._theme.label(name, "caption", soft=True), row, 0, Qt.AlignmentFlag.AlignTop)
            told = self._theme.label(value, "caption")
            told.setWordWrap(True)
            told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(told, row, 1)
        return grid

    def _command(self) -> QWidget:
        told = self._theme.label(self.recipe.command, "caption", soft=True)
        told.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        told.setWordWrap(True)
        told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return told

    def _text(self, words: str) -> QWidget:
        told = self._theme.label(words)
        told.setWordWrap(True)
        return told

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.recipe.as_text())
        self.close()
