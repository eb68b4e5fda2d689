"""A section that folds to its title and a one-line summary."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE

# Where the title begins, behind the arrow.
_INDENT: Final = BETWEEN + 28 + INSIDE


class FoldSection(QFrame):
    """A card with a heading that opens and closes its ``body``."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("surface", "card")
        self._arrow = QToolButton()
        self._arrow.setCheckable(True)
        self._arrow.setIconSize(QSize(18, 18))
        self._arrow.setFixedSize(QSize(28, 28))
        self._arrow.setAccessibleName(f"{title}: show or hide")
        self._arrow.toggled.connect(self._on_toggled)
        self._summary = label("", "body", soft=True)
        self._mark = QLabel()
        self._head = self._heading(title)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(_INDENT, 0, AROUND, AROUND)
        self.body.setSpacing(BETWEEN)
        self._inside.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._inside)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def summary(self) -> str:
        """The one line shown beside the title."""
        return self._summary.text()

    @property
    def is_open(self) -> bool:
        """Whether the body shows."""
        return self._arrow.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or close."""
        self._arrow.setChecked(is_open)

    def set_summary(self, text: str, *, wrong: bool = False) -> None:
        """Say what is inside; ``wrong`` puts a warning sign beside it."""
        self._summary.setText(text)
        self._mark.setVisible(wrong)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere on the heading folds."""
        if self._head.geometry().contains(event.position().toPoint()):
            self._arrow.toggle()
            event.accept()
            return
        super().mousePressEvent(event)

    def _heading(self, title: str) -> QWidget:
        head = QWidget()
        head.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(head)
        row.setContentsMargins(BETWEEN, BETWEEN, AROUND, BETWEEN)
        row.setSpacing(INSIDE)
        name = label(title, "section")
        name.setMinimumWidth(216)
        self._summary.setMinimumWidth(0)
        self._summary.setWordWrap(True)
        row.addWidget(self._arrow)
        row.addWidget(name)
        row.addWidget(self._mark)
        row.addWidget(self._summary, 1)
        self._mark.hide()
        return head

    def on_folded(self, is_open: bool) -> None:
        """The section is about to open or close: a subclass may draw what is inside only now."""

    def _on_toggled(self, is_open: bool) -> None:
        self.on_folded(is_open)
        self._inside.setVisible(is_open)
        self._dress()

    def _dress(self) -> None:
        name = "chevron_down" if self._arrow.isChecked() else "chevron_right"
        self._arrow.setIcon(self._theme.icon(name, self._theme.tokens.ink_soft))
        warning = self._theme.icon("warning", self._theme.tokens.warning)
        self._mark.setPixmap(warning.pixmap(QSize(18, 18), self.devicePixelRatioF()))
