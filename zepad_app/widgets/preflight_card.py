"""The preflight card: what an encoder file turned out to be, how its features fare, and what had to be assumed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.preflight_words import said_in_words
from zepad_app.state import Inspected
from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE, SECTION
from zepad_app.widgets.assumption_editor import AssumptionEditor
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.preflight_banner import PreflightBanner
from zepad_app.widgets.preflight_checks import ChecksPanel
from zepad_app.widgets.preflight_facts import FactsPanel

NOTHING_ASSUMED = "The file says everything itself: nothing had to be assumed."
# Facts and checks stand side by side where there is room for both.
_SIDE_BY_SIDE = 720


class PreflightCard(QWidget):
    """One opened encoder; ``says_changed`` asks to have it read as the user says."""

    says_changed = Signal(object)
    editor_opened = Signal()

    def __init__(self, theme: Theme, inspected: Inspected, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.inspected = inspected
        self.setAccessibleName(f"Preflight of {inspected.card.name}")
        self.banner = PreflightBanner(theme)
        self.banner.reading_wanted.connect(self.says_changed)
        self.banner.editing_wanted.connect(self.open_editor)
        self.facts = FactsPanel(theme, inspected)
        self.checks = ChecksPanel(theme)
        self.edit = secondary("Edit…", self.open_editor, "Edit the assumptions")
        self.editor: AssumptionEditor | None = None
        self._sentences = _sentences(inspected)
        self._place = QVBoxLayout()
        self._sides = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(BETWEEN)
        column.addWidget(self.banner)
        column.addWidget(self._card())
        column.addStretch(1)
        self.show_inspected(inspected)

    def show_inspected(self, inspected: Inspected, opening: str = "") -> None:
        """Fill in what is known by now of the same encoder; ``opening`` names what is being opened beside it."""
        self.inspected = inspected
        self.banner.show_inspected(inspected, opening)
        self.checks.show_inspected(inspected)

    def open_editor(self) -> None:
        """Put the form in the place of the sentences."""
        if self.editor is None:
            self.editor = AssumptionEditor(self._theme, self.inspected)
            self.editor.applied.connect(self.says_changed)
            self.editor.closed.connect(self.close_editor)
            self._place.addWidget(self.editor)
        self._sentences.hide()
        self.edit.hide()
        self.editor.name.setFocus()
        self.editor_opened.emit()

    def close_editor(self) -> None:
        """Show the sentences again."""
        if self.editor is not None:
            self.editor.hide()
            self.editor.deleteLater()
            self.editor = None
        self._sentences.show()
        self.edit.show()
        self.edit.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Facts above checks where the card is narrow."""
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE * self._theme.scale
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _card(self) -> QFrame:
        card = QFrame()
        card.setProperty("surface", "card")
        shape = self.inspected.card.architecture
        head = QVBoxLayout()
        head.setSpacing(2)
        title = label(shape.title, "section")
        title.setWordWrap(True)
        details = label(", ".join(shape.details), soft=True)
        details.setWordWrap(True)
        head.addWidget(title)
        head.addWidget(details)
        self._sides.setSpacing(SECTION)
        self._sides.addWidget(self.facts, 5)
        self._sides.addWidget(self.checks, 6)
        line = QFrame()
        line.setProperty("surface", "line")
        column = QVBoxLayout(card)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.setSpacing(BETWEEN)
        column.addLayout(head)
        column.addLayout(self._sides)
        column.addWidget(line)
        column.addLayout(self._reading())
        return card

    def _reading(self) -> QVBoxLayout:
        title = label("How it was read")
        title.setProperty("strong", True)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.edit)
        self._place.addWidget(self._sentences)
        column = QVBoxLayout()
        column.setSpacing(INSIDE)
        column.addLayout(head)
        column.addLayout(self._place)
        return column


def _sentences(inspected: Inspected) -> QWidget:
    """What the user said, then what was assumed, each sentence under its word."""
    told = [("You said", sentence) for sentence in said_in_words(inspected.says)]
    told += [("Assumed", sentence) for sentence in inspected.card.assumptions]
    place = QWidget()
    grid = QGridLayout(place)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(BETWEEN)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    last = ""
    for row, (word, sentence) in enumerate(told or [("", NOTHING_ASSUMED)]):
        if word != last:
            grid.addWidget(label(word, soft=True), row, 0, Qt.AlignmentFlag.AlignTop)
            last = word
        text = label(sentence)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(text, row, 1 if word else 0, 1, 1 if word else 2)
    return place
