"""The path of one file, typed or browsed for."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary


def file_filter(text: str, endings: tuple[str, ...]) -> str:
    """What a file dialog shows: ``Files (*.npy *.npz)``."""
    return f"{text} ({' '.join(f'*{ending}' for ending in endings)})" if endings else ""


class FileInput(QWidget):
    """A line with the path, and a browse button beside it; ``path`` is "" while no file is named."""

    chosen = Signal()

    def __init__(self, text: str, endings: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._filter = file_filter(text, endings)
        self._line = QLineEdit()
        self._line.setAccessibleName(text)
        self._line.setPlaceholderText("No file chosen")
        self._line.setMinimumWidth(280)
        self._line.editingFinished.connect(self._on_edited)
        self._told = ""
        self.setFocusProxy(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        row.addWidget(self._line, 1)
        row.addWidget(secondary("Browse…", self._on_browse, f"Choose a file: {text}"))

    @property
    def path(self) -> str:
        """The path as it was typed or chosen, without blanks around it."""
        return self._line.text().strip()

    def show_path(self, path: str) -> None:
        """Show a path without telling anybody."""
        with QSignalBlocker(self._line):
            self._line.setText(path)
        self._line.setToolTip(path)
        self._told = path

    def _on_edited(self) -> None:
        if self.path != self._told:
            self.show_path(self.path)
            self.chosen.emit()

    def _on_browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._text, "", self._filter)
        if path and path != self.path:
            self.show_path(path)
            self.chosen.emit()
