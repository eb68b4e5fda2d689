"""The path of a folder, typed or browsed for; empty means the place of the system, which it shows."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QWidget

from zepad_app.widgets.path_input import PathInput


class FolderInput(PathInput):
    """``path`` is "" for the place of the system, ``otherwise``."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, "folder", parent)
        self._otherwise = ""

    def browsed(self) -> str:
        """A folder that is there."""
        return QFileDialog.getExistingDirectory(self, self._text, self.path or self._otherwise)

    def show_otherwise(self, otherwise: str) -> None:
        """Say what an empty line stands for."""
        self._otherwise = otherwise
        self._line.setPlaceholderText(otherwise)

    def show_path(self, path: str) -> None:
        """Show a path without telling anybody; on hover also what an empty line stands for."""
        super().show_path(path)
        self._line.setToolTip(path or self._otherwise)
