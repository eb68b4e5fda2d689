"""The header: what we look at, and the page's one button."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, INSIDE
from zepad_app.widgets.buttons import IconButton, primary, secondary

_HEIGHT: Final = 64


class Header(QFrame):
    """A title with a line of detail; a primary button, or a quiet one for what one would rather not do."""

    acted = Signal()
    went_back = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "header")
        self._title = label("", "section")
        self._detail = label("", "caption", soft=True)
        for words in (self._title, self._detail):
            words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.back = IconButton(theme, "back", "Back")
        self.back.clicked.connect(self.went_back)
        self.primary = primary("", self.acted.emit)
        self.quiet = secondary("", self.acted.emit)
        words_column = QVBoxLayout()
        words_column.setSpacing(0)
        words_column.addWidget(self._title)
        words_column.addWidget(self._detail)
        row = QHBoxLayout(self)
        row.setContentsMargins(AROUND, INSIDE, AROUND, INSIDE)
        row.setSpacing(INSIDE)
        row.addWidget(self.back)
        row.addLayout(words_column, 1)
        row.addWidget(self.quiet)
        row.addWidget(self.primary)

    def minimumSizeHint(self) -> QSize:
        """As high on every page, with a button or without; never lower than its text."""
        return super().minimumSizeHint().expandedTo(QSize(0, _HEIGHT))

    def sizeHint(self) -> QSize:
        """As high on every page, with a button or without; never lower than its text."""
        return super().sizeHint().expandedTo(QSize(0, _HEIGHT))

    @property
    def title(self) -> str:
        """The title shown."""
        return self._title.text()

    def tell(self, title: str, detail: str, action: str, *, enabled: bool, quiet: bool, back: str) -> None:
        """Show a page's heading."""
        self._title.setText(title)
        self._title.setToolTip(title)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        for button, wanted in ((self.primary, not quiet), (self.quiet, quiet)):
            button.setText(action)
            button.setAccessibleName(action)
            button.setEnabled(enabled)
            button.setVisible(bool(action) and wanted)
        self.back.setVisible(bool(back))
        self.back.setToolTip(f"Back to {back.lower()}")
        self.back.setAccessibleName(f"Back to {back.lower()}")
