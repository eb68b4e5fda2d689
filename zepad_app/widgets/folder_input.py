"""The path of a folder, typed or browsed for; empty means the place of the system, which it shows."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary


class FolderInput(QWidget):
    """A line with the path, and a browse button beside it."""

    chosen = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._told = ""
        self._line = QLineEdit()
        self._line.setAccessibleName(text)
        self._line.editingFinished.connect(self._on_edited)
        self.setFocusProxy(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        row.addWidget(self._line, 1)
        row.addWidget(secondary("Browse…", self._on_browse, f"Choose a folder: {text}"))

    @property
    def path(self) -> str:
        """The path as typed or chosen; "" for the place of the system."""
        return self._line.text().strip()

    def show_path(self, path: str, otherwise: str) -> None:
        """Show a path without telling anybody; ``otherwise`` is what an empty line stands for."""
        with QSignalBlocker(self._line):
            self._line.setText(path)
        self._line.setPlaceholderText(otherwise)
        self._line.setToolTip(path or otherwise)
        self._told = path

    def _on_edited(self) -> None:
        if self.path != self._told:
            self._told = self.path
            self.chosen.emit()

    def _on_browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self._text, self.path or self._line.placeholderText())
        if path:
            self._line.setText(path)
            self._on_edited()
