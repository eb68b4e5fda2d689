"""A choice between bundled things and one of the user's own, by path."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QWidget

from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.inputs import ChoiceInput


class SourcePicker(QWidget):
    """Bundled choices in a list; a browse button adds a path of the user's own."""

    chosen = Signal(str)

    def __init__(
        self,
        choices: tuple[tuple[str, str], ...],
        name: str,
        files: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """``files`` is a file filter; without one the browse button asks for a folder or a zip."""
        super().__init__(parent)
        self._files = files
        self._name = name
        self._list = ChoiceInput(choices)
        self._list.setAccessibleName(name)
        self._list.setMaximumWidth(420)
        self._list.currentIndexChanged.connect(lambda: self.chosen.emit(self._list.key))
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        row.addWidget(self._list)
        button = secondary("Browse…", lambda: None, f"Choose your own: {name}")
        if files:
            button.clicked.connect(self._on_browse_file)
        else:
            menu = QMenu(button)
            menu.addAction("Folder of pictures…", self._on_browse_folder)
            menu.addAction("Zip file…", self._on_browse_file)
            button.setMenu(menu)
        row.addWidget(button)

    @property
    def source(self) -> str:
        """What is chosen: a bundled key or a path."""
        return self._list.key

    def show_source(self, source: str) -> None:
        """Show a choice without telling anybody; a path that is not listed yet is added."""
        with QSignalBlocker(self._list):
            if self._list.findData(source) < 0:
                self._list.addItem(Path(source).name or source, source)
                self._list.setItemData(self._list.count() - 1, source, Qt.ItemDataRole.ToolTipRole)
            self._list.choose(source)

    def _on_browse_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._name, "", self._files or "Zip files (*.zip)")
        self._take(path)

    def _on_browse_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self._name))

    def _take(self, path: str) -> None:
        if path:
            self.show_source(path)
            self.chosen.emit(path)
