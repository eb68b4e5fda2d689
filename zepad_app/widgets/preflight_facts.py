"""What an encoder file holds: names and values, its digest to copy, and what of it is no part of the encoder."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.preflight_words import facts_of, ignored_in_words, keys_in_words
from zepad_app.state import Inspected
from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import IconButton, plain
from zepad_app.widgets.hint import plain_hint

# Rows touch; each text brings its own room, above and below.
_ROOM = (0, 4, 0, 4)


class FactsPanel(QWidget):
    """Facts of one opened encoder."""

    def __init__(self, theme: Theme, inspected: Inspected, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._digest = inspected.card.sha256
        self.copy = IconButton(theme, "copy", "Copy the whole SHA-256")
        self.copy.clicked.connect(self._on_copy)
        self._others = len(inspected.preflight.file.keys_ignored)
        self.fold = plain(self._fold_words(hide=False), self._on_fold, "Show or hide what is no part of the encoder")
        self.ignored = label(ignored_in_words(inspected.preflight), "caption", soft=True)
        self.ignored.setWordWrap(True)
        self.ignored.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.ignored.hide()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(BETWEEN)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        title = label("What the file holds")
        title.setProperty("strong", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(title)
        column.addLayout(self._grid)
        column.addWidget(self.ignored)
        column.addStretch(1)
        for name, value in facts_of(inspected):
            self._add(name, _value(value))
        self._add("Tensors used", self._beside(_value(keys_in_words(inspected.preflight)), self.fold))
        self.fold.setVisible(bool(self.ignored.text()))
        if self._digest:
            digest = _value(f"{self._digest[:12]}…")
            digest.setToolTip(plain_hint(self._digest))
            self._add("SHA-256", self._beside(digest, self.copy))

    def _add(self, name: str, value: QWidget) -> None:
        row = self._grid.rowCount()
        word = label(name, soft=True)
        word.setContentsMargins(*_ROOM)
        self._grid.addWidget(word, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)

    def _beside(self, value: QLabel, button: QWidget) -> QWidget:
        place = QWidget()
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        value.setWordWrap(False)
        row.addWidget(value)
        row.addWidget(button)
        row.addStretch(1)
        # The row is no taller than its neighbours for the button's sake.
        button.setFixedHeight(value.sizeHint().height())
        return place

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._digest)
        self.copy.setToolTip("Copied")

    def _on_fold(self) -> None:
        shown = self.ignored.isHidden()
        self.ignored.setVisible(shown)
        self.fold.setText(self._fold_words(hide=shown))

    def _fold_words(self, *, hide: bool) -> str:
        return f"{'Hide' if hide else 'Show'} the other {self._others:,}" if self._others else "Left out"


def _value(text: str) -> QLabel:
    value = label(text)
    value.setContentsMargins(*_ROOM)
    # A name without a place to break is cut rather than widening the card; its hint has all of it.
    value.setMinimumWidth(1)
    value.setToolTip(plain_hint(text))
    value.setWordWrap(True)
    value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return value
