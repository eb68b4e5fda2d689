"""Where pictures come from: the user's files, folders and clipboard, or the test images of the task."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from zepad_app.inspection.filmstrip import Filmstrip
from zepad_app.inspection.pasting import pasted_files
from zepad_app.results.contrasts import tasks_of
from zepad_app.results.wording import task_name
from zepad_app.routes import IMAGE_ENDINGS
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.eliding_box import ElidingBox
from zepad_engine.findings import AuditReport

MOST_TEST_IMAGES: Final = 200


class Gallery(QWidget):
    """The filmstrip with its sources and the task whose heads judge.

    ``files_chosen`` tells paths that are still to be sorted (a folder may hold anything).
    """

    files_chosen = Signal(tuple)
    task_changed = Signal()
    sifting_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: AuditReport | None = None
        self.strip = Filmstrip(theme)
        self.task = ElidingBox()
        self.task.setAccessibleName("Task")
        self.task.setToolTip("Whose classes: the task whose heads and detector judge")
        self.task.setSizeAdjustPolicy(ElidingBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.task.setMinimumContentsLength(6)
        self.attacked = QCheckBox("Attack all of them")
        self.attacked.setToolTip("Judge every picture of the strip with the perturbation added")
        self.add = secondary("Add", lambda: None, "Add pictures")
        self._build()

    @property
    def task_key(self) -> str:
        """The task whose heads judge."""
        return str(self.task.currentData() or "")

    def show_run(self, report: AuditReport) -> None:
        """Offer the tasks of a run; pictures of the user's stay, test images of another run go."""
        self._report = report
        before = self.task_key
        self.task.blockSignals(True)
        self.task.clear()
        for key in tasks_of(report):
            self.task.addItem(task_name(report, key), key)
        self.task.setCurrentIndex(max(self.task.findData(before), 0))
        self.task.blockSignals(False)
        if any(image.startswith("test:") for image in self.strip.film.images[:1]):
            self.strip.show_images(())

    def show_files(self, paths: tuple[Path, ...]) -> None:
        """Add pictures of the user's; test images give way to them."""
        images = [str(path) for path in paths]
        mine = not any(image.startswith("test:") for image in self.strip.film.images[:1])
        (self.strip.add_images if mine else self.strip.show_images)(images)

    def show_test_images(self) -> None:
        """Browse the test images of the task: at most 200, evenly from all of them."""
        count = self.test_images
        some = min(count, MOST_TEST_IMAGES)
        self.strip.show_images([f"test:{number * count // some}" for number in range(some)])

    def show_test_image(self, index: int) -> None:
        """Make one test image the current picture, added to the strip where it is not there yet."""
        self.strip.add_images([f"test:{index}"])

    @property
    def test_images(self) -> int:
        """How many test images the task has."""
        cells = self._report.cells if self._report else ()
        return next((cell.ba.n for cell in cells if cell.task == self.task_key and cell.ba is not None), 0)

    def browse(self) -> None:
        """Ask for pictures."""
        endings = " ".join(f"*{ending}" for ending in IMAGE_ENDINGS)
        paths, _ = QFileDialog.getOpenFileNames(self, "Choose images", "", f"Images ({endings})")
        if paths:
            self.files_chosen.emit(tuple(Path(path) for path in paths))

    def browse_folder(self) -> None:
        """Ask for a folder of pictures."""
        path = QFileDialog.getExistingDirectory(self, "Choose a folder of images")
        if path:
            self.files_chosen.emit((Path(path),))

    def paste(self) -> bool:
        """Take pictures from the clipboard; whether there were any."""
        paths = pasted_files(QGuiApplication.clipboard().mimeData())
        if paths:
            self.files_chosen.emit(paths)
        return bool(paths)

    def _build(self) -> None:
        menu = QMenu(self)
        menu.addAction("Choose images…", self.browse)
        menu.addAction("Choose a folder…", self.browse_folder)
        menu.addAction("Paste", self.paste)
        menu.addSeparator()
        menu.addAction("Test images of the task", self.show_test_images)
        menu.addSeparator()
        menu.addAction("Empty the strip", lambda: self.strip.show_images(()))
        self.add.setMenu(menu)
        sources = QHBoxLayout()
        sources.setSpacing(INSIDE)
        sources.addWidget(self.add)
        sources.addWidget(self.task, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addLayout(sources)
        column.addWidget(self.strip, 1)
        column.addWidget(self.attacked)
        self.task.currentIndexChanged.connect(self._on_task)
        self.attacked.toggled.connect(self.sifting_changed)

    def _on_task(self) -> None:
        # An index means another picture in another task: show that task's instead of strangers.
        if any(image.startswith("test:") for image in self.strip.film.images[:1]):
            self.show_test_images()
        self.task_changed.emit()
