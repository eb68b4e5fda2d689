"""Tasks to tick, with the user's own folders added below the bundled ones."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QMenu, QVBoxLayout, QWidget

from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary

_COLUMNS = 2


class TaskList(QWidget):
    """One checkbox per task."""

    edited = Signal(tuple)

    def __init__(self, tasks: tuple[tuple[str, str, str], ...], parent: QWidget | None = None) -> None:
        """``tasks`` are (key, name, summary)."""
        super().__init__(parent)
        self._boxes: dict[str, QCheckBox] = {}
        self.setAccessibleName("Downstream tasks")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(BETWEEN)
        self._grid.setVerticalSpacing(INSIDE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addLayout(self._grid)
        button = secondary("Add your own…", lambda: None, "Add your own task")
        menu = QMenu(button)
        menu.addAction("Folder with a folder per class…", self._on_folder)
        menu.addAction("Zip file…", self._on_zip)
        button.setMenu(menu)
        column.addWidget(button)
        column.setAlignment(button, column.alignment())
        button.setMaximumWidth(button.sizeHint().width() + BETWEEN)
        for key, name, summary in tasks:
            self._add(key, name, summary)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ticked tasks."""
        return tuple(key for key, box in self._boxes.items() if box.isChecked())

    def box(self, key: str) -> QCheckBox:
        """The checkbox of a task."""
        return self._boxes[key]

    def show_tasks(self, tasks: tuple[str, ...]) -> None:
        """Tick these and no others, without telling anybody; unknown ones are added."""
        for task in tasks:
            if task not in self._boxes:
                self._add(task, Path(task).name or task, task)
        for key, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(key in tasks)

    def _add(self, key: str, name: str, summary: str) -> None:
        box = QCheckBox(name)
        box.setToolTip(summary)
        box.setAccessibleDescription(summary)
        box.toggled.connect(lambda: self.edited.emit(self.chosen))
        place = len(self._boxes)
        self._boxes[key] = box
        self._grid.addWidget(box, place // _COLUMNS, place % _COLUMNS)

    def _on_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Folder with a folder per class"))

    def _on_zip(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Zip file", "", "Zip files (*.zip)")
        self._take(path)

    def _take(self, path: str) -> None:
        if path:
            self.show_tasks((*self.chosen, path))
            self.edited.emit(self.chosen)
