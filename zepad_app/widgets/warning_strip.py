"""Warnings on one line, the others on demand."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import plain


class WarningStrip(QFrame):
    """Warnings in caption size: the first one, and the others on demand."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._warnings: tuple[str, ...] = ()
        self._icon = QLabel()
        self.text = theme.label("", "caption")
        self.text.setWordWrap(True)
        self.more = plain("", self._on_more)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text, 1)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
        theme.changed.connect(self._dress)
        self._dress()

    def show_warnings(self, warnings: tuple[str, ...]) -> None:
        """Show other warnings, or nothing."""
        self._warnings = warnings
        self.setVisible(bool(warnings))
        self.text.setText(warnings[0] if warnings else "")
        self.more.setVisible(len(warnings) > 1)
        self.more.setText(f"{len(warnings) - 1} more")
        self.setAccessibleName("Warnings: " + " ".join(warnings))

    def _on_more(self) -> None:
        self.text.setText("\n".join(self._warnings))
        self.more.hide()

    def _dress(self) -> None:
        icon = self._theme.icon("warning", self._theme.tokens.warning)
        self._icon.setPixmap(icon.pixmap(QSize(16, 16), self.devicePixelRatioF()))
