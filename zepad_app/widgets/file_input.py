"""The path of one file, typed or browsed for."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QWidget

from zepad_app.widgets.path_input import PathInput


def file_filter(text: str, endings: tuple[str, ...]) -> str:
    """What a file dialog shows: ``Files (*.npy *.npz)``."""
    return f"{text} ({' '.join(f'*{ending}' for ending in endings)})" if endings else ""


class FileInput(PathInput):
    """``path`` is "" while no file is named."""

    def __init__(self, text: str, endings: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(text, "file", parent)
        self._filter = file_filter(text, endings)
        self._line.setPlaceholderText("No file chosen")
        self._line.setMinimumWidth(280)

    def browsed(self) -> str:
        """A file that is there."""
        return QFileDialog.getOpenFileName(self, self._text, "", self._filter)[0]
