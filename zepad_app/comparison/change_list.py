"""What changed, a row each: the part it belongs to, its name, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from zepad_app.results.sheet import clear
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, INSIDE

Change = tuple[str, str, str, str]

# Of the column of groups at the usual text size.
_GROUP: Final = 104


class ChangeList(QWidget):
    """Rows of (group, name, first, second); a group is named once."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(title)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(AROUND)
        self._grid.setVerticalSpacing(INSIDE)
        for column, stretch in enumerate((0, 3, 2, 2)):
            self._grid.setColumnStretch(column, stretch)

    def show_changes(self, changes: Sequence[Change], nothing: str) -> None:
        """Show other rows, or a sentence where there are none."""
        clear(self._grid)
        # Lists below each other have their columns in line.
        self._grid.setColumnMinimumWidth(0, round(_GROUP * self._theme.scale))
        self.setAccessibleDescription("; ".join(f"{name}: {before} to {after}" for _, name, before, after in changes))
        if not changes:
            self._grid.addWidget(self._cell(nothing, soft=True), 0, 0, 1, 4)
            return
        for column, word in enumerate(("", "", "First", "Second")):
            self._grid.addWidget(self._theme.label(word, "caption", soft=True), 0, column)
        before = ""
        for row, (group, *cells) in enumerate(changes, 1):
            self._grid.addWidget(self._cell(group if group != before else "", soft=True), row, 0)
            for column, text in enumerate(cells, 1):
                self._grid.addWidget(self._cell(text), row, column)
            before = group

    def _cell(self, text: str, *, soft: bool = False) -> QLabel:
        made = self._theme.label(text, soft=soft)
        made.setWordWrap(True)
        made.setTextFormat(Qt.TextFormat.PlainText)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        return made
