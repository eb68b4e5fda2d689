"""The checks of an encoder's features, a row each: the rows stand from the start and are filled in their places."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.preflight_words import CHECKS, Check, Light, checks_of
from zepad_app.state import Inspected
from zepad_app.theme import Theme, label
from zepad_app.tokens import INSIDE
from zepad_app.widgets.hint import plain_hint
from zepad_app.widgets.neighbour_bars import NeighbourBars

_ICONS: Final[dict[Light, str]] = {
    "running": "waiting",
    "ok": "done",
    "look": "warning",
    "wrong": "wrong",
    "skipped": "information",
}
_WORDS: Final[dict[Light, str]] = {"running": "", "ok": "ok", "look": "look", "wrong": "wrong", "skipped": "n/a"}


def colour_of(theme: Theme, light: Light) -> str:
    """The colour of a light; a word always stands beside it."""
    tokens = theme.tokens
    colours = {"ok": tokens.benign, "look": tokens.warning, "wrong": tokens.adversarial}
    return colours.get(light, tokens.ink_soft)


class CheckRow(QWidget):
    """Icon and word, name and number, and a sentence below them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._light: Light = "running"
        self._icon = QLabel()
        self._icon.setFixedSize(QSize(18, 18))
        self.word = label("", "caption")
        self._name = label("")
        self.number = label("")
        self.number.setProperty("strong", True)
        self.sentence = label("", "caption", soft=True)
        self.sentence.setWordWrap(True)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(INSIDE)
        self.grid.setVerticalSpacing(2)
        self.grid.setColumnStretch(2, 1)
        self.grid.addWidget(self._icon, 0, 0)
        self.grid.addWidget(self.word, 0, 1)
        self.grid.addWidget(self._name, 0, 2)
        self.grid.addWidget(self.number, 0, 3, Qt.AlignmentFlag.AlignRight)
        self.grid.addWidget(self.sentence, 1, 2, 1, 2)
        theme.changed.connect(self._dress)

    def show_check(self, check: Check) -> None:
        """Show a check as it stands; the row keeps its height."""
        self._light = check.light
        self._name.setText(check.name)
        self.number.setText(check.number)
        # A blank keeps the line where there is no sentence yet.
        self.sentence.setText(check.sentence or "\N{NO-BREAK SPACE}")
        self.word.setText(_WORDS[check.light])
        self.setToolTip(plain_hint(check.hint))
        state = "is running" if check.light == "running" else _WORDS[check.light]
        self.setAccessibleName(
            f"{check.name}: {state}. {check.number}. {check.sentence}".replace("..", ".").strip(". ")
        )
        self.setAccessibleDescription(check.hint)
        self._dress()

    def _dress(self) -> None:
        colour = colour_of(self._theme, self._light)
        self._icon.setPixmap(
            self._theme.icon(_ICONS[self._light], colour).pixmap(QSize(18, 18), self.devicePixelRatioF())
        )
        self.word.setStyleSheet(f"color: {colour}")
        metrics = QFontMetrics(self._theme.font("caption"))
        self.word.setFixedWidth(metrics.horizontalAdvance("wrong") + 2)


class ChecksPanel(QWidget):
    """All checks, with the images they were made on."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, CheckRow] = {}
        self.bars = NeighbourBars(theme)
        self._data = label("", "caption", soft=True)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(INSIDE)
        title = label("Checks")
        title.setProperty("strong", True)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 4)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self._data)
        self._column.addLayout(head)
        for check in CHECKS:
            self._add_row(check.key)
        self._column.addStretch(1)

    def show_inspected(self, inspected: Inspected) -> None:
        """Show the checks as they stand."""
        features = inspected.preflight.features
        data = features.data.partition(",")[0] if features else ""
        self._data.setText(f"On bundled images: {data}" if data else "On bundled images")
        for check in checks_of(inspected):
            self.rows[check.key].show_check(check)
        self.bars.show_finding(inspected.preflight.neighbours)

    def _add_row(self, key: str) -> None:
        row = self.rows[key] = CheckRow(self._theme)
        if key == "neighbours":
            row.grid.removeWidget(row.sentence)
            row.grid.addWidget(self.bars, 1, 2, 1, 2)
            row.grid.addWidget(row.sentence, 2, 2, 1, 2)
        self._column.addWidget(row)
