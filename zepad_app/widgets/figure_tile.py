"""One number that matters, large, with what it is and what it rests on below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from zepad_app.results.headline import Figure
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE, Role
from zepad_app.widgets.explaining import add_question
from zepad_app.widgets.hint import plain_hint


class FigureTile(QFrame):
    """A bar in the figure's colour at the left; the menu key asks how it was measured."""

    def __init__(self, theme: Theme, figure: Figure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure = figure
        self._theme = theme
        self.setProperty("surface", "figure")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{figure.about}: {figure.number} {figure.beside}".strip())
        self.setAccessibleDescription(figure.basis)
        self.setToolTip(plain_hint(figure.basis))
        # Narrower than its words by itself: `fit` then makes them fit.
        self.setMinimumWidth(120)
        self.number = theme.label(figure.number, "verdict")
        self.beside = theme.label(figure.beside, soft=True)
        self.basis = theme.label(figure.basis, "caption", soft=True)
        self.number.setProperty("meaning", figure.meaning)
        number = QHBoxLayout()
        number.setSpacing(INSIDE)
        number.addWidget(self.number, 0, Qt.AlignmentFlag.AlignBaseline)
        number.addWidget(self.beside, 0, Qt.AlignmentFlag.AlignBaseline)
        number.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, INSIDE, 0)
        column.setSpacing(0)
        column.addLayout(number)
        about = theme.label(figure.about)
        for words in (about, self.basis):
            words.setWordWrap(True)
            column.addWidget(words)
        column.addStretch(1)
        theme.changed.connect(self._dress)
        self._dress()

    def fit(self, width: int) -> None:
        """Make a smaller number, and put its interval below, where a width asks for it."""
        room, figure = width - 12 - INSIDE, self.figure
        role: Role = "verdict" if self._wide(figure.number, "verdict") <= room else "section"
        both = self._wide(figure.number, role) + INSIDE + self._wide(figure.beside, "body")
        fits = both <= room
        self.beside.setVisible(fits)
        self.basis.setText(figure.basis if fits else f"{figure.beside}, {figure.basis}")
        if self.number.property("role") != role:
            self.number.setProperty("role", role)
            self.number.style().unpolish(self.number)
            self.number.style().polish(self.number)

    def _wide(self, words: str, role: Role) -> int:
        font = self._theme.font(role)
        if role != "body":
            font.setWeight(QFont.Weight.DemiBold)
        return QFontMetrics(font).horizontalAdvance(words) + 4

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the number to be copied, and its recipe."""
        menu, figure = QMenu(self), self.figure
        told = f"{figure.about}: {figure.number} ({figure.basis})"
        menu.addAction("Copy", lambda: QGuiApplication.clipboard().setText(told))
        add_question(menu, self, figure.about[:1].upper() + figure.about[1:], figure.rate)
        menu.exec(event.globalPos())

    def _dress(self) -> None:
        tokens = self._theme.tokens
        bar = tokens.of(self.figure.meaning)
        self.setStyleSheet(
            f"FigureTile {{ border: 0; border-left: 3px solid {bar}; background: transparent; }}"
            f"FigureTile:focus {{ background: {tokens.raised}; }}"
        )
