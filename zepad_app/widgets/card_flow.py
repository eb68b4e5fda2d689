"""Cards in one or two columns, as many as there is room for; an open card takes a whole row."""

from __future__ import annotations

from typing import Final, Protocol, cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE

_NARROWEST: Final = 320


class _Opening(Protocol):
    @property
    def is_open(self) -> bool: ...


class CardFlow(QWidget):
    """Lays its cards out in the order they were added; hidden ones leave no hole."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cards: list[QWidget] = []
        self._hidden: set[QWidget] = set()
        self._columns = 1
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(INSIDE)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self._on_theme_changed)

    @property
    def columns(self) -> int:
        """Cards side by side now."""
        return self._columns

    def add(self, card: QWidget, after: QWidget | None = None) -> None:
        """One more card, last or behind another."""
        place = self._cards.index(after) + 1 if after is not None else len(self._cards)
        self._cards.insert(place, card)
        card.setParent(self)
        self.arrange()

    def take(self, card: QWidget) -> None:
        """Have a card no more; whoever made it lets it go."""
        self._cards.remove(card)
        self._hidden.discard(card)
        self._grid.removeWidget(card)
        self.arrange()

    def show_only(self, shown: set[QWidget] | None) -> None:
        """Show these cards, or all."""
        self._hidden = set() if shown is None else set(self._cards) - shown
        self.arrange()

    def arrange(self) -> None:
        """Give every card its place."""
        row = column = 0
        for card in self._cards:
            self._grid.removeWidget(card)
            card.setVisible(card not in self._hidden)
            if card in self._hidden:
                continue
            wide = self._columns == 1 or (hasattr(card, "is_open") and cast("_Opening", card).is_open)
            if wide and column:
                row, column = row + 1, 0
            self._grid.addWidget(card, row, column, 1, self._columns if wide else 1, Qt.AlignmentFlag(0))
            column = self._columns if wide else column + 1
            if column >= self._columns:
                row, column = row + 1, 0
        for place in range(2):
            self._grid.setColumnStretch(place, 1 if place < self._columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two columns where both stay readable."""
        super().resizeEvent(event)
        self._on_theme_changed()

    def minimumSizeHint(self) -> QSize:
        """A column may be as narrow as its words wrap."""
        return QSize(0, super().minimumSizeHint().height())

    def _on_theme_changed(self) -> None:
        columns = 2 if self.width() >= 2 * round(_NARROWEST * self._theme.scale) + INSIDE else 1
        if columns != self._columns:
            self._columns = columns
            self.arrange()
