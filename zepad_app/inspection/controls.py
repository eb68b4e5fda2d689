"""What is judged: the picture, the task, the perturbation and its size, the attribution."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from zepad_app.inspection.judge_queue import Question
from zepad_app.results.contrasts import tasks_of
from zepad_app.results.wording import task_name
from zepad_app.routes import IMAGE_ENDINGS
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_engine.findings import AuditReport
from zepad_engine.shown_names import shown_name

STEPS_PER_UNIT: Final = 2
ATTRIBUTIONS: Final = (
    ("saliency", "Saliency"),
    ("integrated_gradients", "Integrated gradients"),
    ("layer_gradcam", "Layer Grad-CAM"),
    ("none", "No attribution"),
)


class InspectControls(QWidget):
    """Emits ``asked`` whenever an answer would change."""

    asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report: AuditReport | None = None
        self._dice = random.Random()
        self.image = ""
        self.name = ElidedLabel()
        self.name.tell("No picture yet")
        self.task, self.attack, self.attribution = (self._box(n) for n in ("Task", "Crafted DAE", "Attribution"))
        self.amount = QSlider(Qt.Orientation.Horizontal)
        self.amount.setAccessibleName("Size of the perturbation in 255ths")
        self.amount.setMinimumWidth(100)
        self.amount_text = theme.label("")
        self.amount_text.setFixedWidth(68)
        for key, word in ATTRIBUTIONS:
            self.attribution.addItem(word, key)
        self._build()
        self.task.currentIndexChanged.connect(self._on_task)
        for box in (self.attack, self.attribution):
            box.currentIndexChanged.connect(self._on_changed)
        self.amount.valueChanged.connect(self._on_changed)

    def show_run(self, report: AuditReport) -> None:
        """Offer the tasks and attacks of a run; the size goes up to what was audited."""
        self._report = report
        boxes = (self.task, self.attack, self.amount)
        for widget in boxes:
            widget.blockSignals(True)
        self.task.clear()
        self.attack.clear()
        for key in tasks_of(report):
            self.task.addItem(task_name(report, key), key)
        self.attack.addItem("No perturbation", "")
        for found in report.attacks:
            self.attack.addItem(found.name, found.key)
        top = round(report.plan.epsilon_255 * STEPS_PER_UNIT)
        self.amount.setRange(0, top)
        self.amount.setValue(top)
        for widget in boxes:
            widget.blockSignals(False)
        if self.image.startswith("test:"):
            self._name_image("", "No picture yet")
        self._say_size()

    def question(self) -> Question | None:
        """What is asked now, or None without a picture."""
        if not self.image or self._report is None:
            return None
        attack = str(self.attack.currentData() or "")
        return Question(
            image=self.image,
            task=str(self.task.currentData()),
            attack=attack,
            epsilon_255=self.epsilon_255 if attack else 0.0,
            attribution=str(self.attribution.currentData()),
        )

    @property
    def epsilon_255(self) -> float:
        """The size of the perturbation in 255ths."""
        return self.amount.value() / STEPS_PER_UNIT

    def choose_file(self, path: Path, of: int = 1) -> None:
        """Judge a picture of the user's, the first of so many."""
        more = f" · first of {of:,} pictures, others left aside" if of > 1 else ""
        self._name_image(str(path), shown_name(path.name) + more)
        self._on_changed()

    def choose_random(self) -> None:
        """Judge a test image of the task."""
        count = self._test_images()
        if count:
            index = self._dice.randrange(count)
            self._name_image(f"test:{index}", f"Test image {index}")
            self._on_changed()

    def browse(self) -> None:
        """Ask for a picture."""
        endings = " ".join(f"*{ending}" for ending in IMAGE_ENDINGS)
        path, _ = QFileDialog.getOpenFileName(self, "Choose an image", "", f"Images ({endings})")
        if path:
            self.choose_file(Path(path))

    def _build(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(secondary("Choose image…", self.browse))
        first.addWidget(secondary("Random test image", self.choose_random))
        first.addWidget(self.name, 1)
        self._add(first, "Task", self.task)
        self._add(first, "Attribution", self.attribution)
        self._add(second, "Add the crafted DAE", self.attack)
        second.addSpacing(BETWEEN - INSIDE)
        self._add(second, "Size", self.amount)
        second.addWidget(self.amount_text)
        second.setStretch(second.indexOf(self.amount), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        for row in (first, second):
            row.setSpacing(INSIDE)
            column.addLayout(row)

    def _add(self, row: QHBoxLayout, word: str, widget: QWidget) -> None:
        label: QLabel = self._theme.label(word, soft=True)
        label.setBuddy(widget)
        row.addWidget(label)
        row.addWidget(widget)

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        return box

    def _name_image(self, image: str, name: str) -> None:
        self.image = image
        self.name.tell(name, f"{name}\n{image}" if image else "")

    def _test_images(self) -> int:
        task = self.task.currentData()
        cells = self._report.cells if self._report else ()
        return next((cell.ba.n for cell in cells if cell.task == task and cell.ba is not None), 0)

    def _on_task(self) -> None:
        # An index means another picture in another task: draw anew instead of showing a stranger.
        if self.image.startswith("test:"):
            self.choose_random()
        else:
            self._on_changed()

    def _on_changed(self) -> None:
        self._say_size()
        self.asked.emit()

    def _say_size(self) -> None:
        attacked = bool(self.attack.currentData())
        self.amount.setEnabled(attacked)
        self.amount_text.setText(f"{self.epsilon_255:.1f}/255" if attacked else "–")
