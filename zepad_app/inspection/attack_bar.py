"""Attack it: which perturbation is added to the picture, how large, and of per-image PGD, after how many steps."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QWidget

from zepad_app.inspection.sentences import size_text
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.eliding_box import ElidingBox
from zepad_engine.findings import AuditReport
from zepad_engine.questions import PGD, PGD_STEPS

STEPS_PER_UNIT: Final = 2


class AttackBar(QWidget):
    """``changed`` whenever what is added to the picture changes."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._patches: set[str] = set()
        self.on = QCheckBox("Attack it")
        self.on.setProperty("strong", True)
        self.on.setToolTip("Add a perturbation to the picture (Space)")
        self.picker = ElidingBox()
        self.picker.setAccessibleName("Perturbation")
        self.picker.setSizeAdjustPolicy(ElidingBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picker.setMinimumContentsLength(16)
        self.amount, self.amount_text = self._slider("Size of the perturbation in 255ths", "10.0/255")
        self.step, self.step_text = self._slider("Step of PGD", "step 20")
        self.step.setRange(0, PGD_STEPS)
        self.step.setValue(PGD_STEPS)
        self._build()
        self._say()

    @property
    def attack(self) -> str:
        """Identity of what is added, or "" for none."""
        return str(self.picker.currentData() or "") if self.on.isChecked() else ""

    @property
    def epsilon_255(self) -> float:
        """Its size in 255ths; 0 without an attack."""
        return self.amount.value() / STEPS_PER_UNIT if self.attack else 0.0

    @property
    def step_shown(self) -> int:
        """The iterate of per-image PGD; 0 for anything else."""
        return self.step.value() if self.attack == PGD else 0

    def show_run(self, report: AuditReport) -> None:
        """Offer the perturbations of a run, at first at the audited size and switched off."""
        widgets = (self.on, self.picker, self.amount)
        for widget in widgets:
            widget.blockSignals(True)
        self.on.setChecked(False)
        self.picker.clear()
        self._patches = {found.key for found in report.attacks if found.norm == "patch"}
        for found in report.attacks:
            self.picker.addItem(found.name, found.key)
        self.picker.addItem("PGD for this picture", PGD)
        where = "PGD with the gradients of ZePAD itself, for this one picture, in up to 20 steps"
        self.picker.setItemData(self.picker.count() - 1, where, Qt.ItemDataRole.ToolTipRole)
        top = round(report.plan.epsilon_255 * STEPS_PER_UNIT)
        self.amount.setRange(0, top)
        self.amount.setValue(top)
        for widget in widgets:
            widget.blockSignals(False)
        self._say()

    def toggle(self) -> None:
        """Add the perturbation, or take it away."""
        self.on.toggle()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        for widget in (self.on, self.picker, self.amount, self.amount_text, self.step, self.step_text):
            row.addWidget(widget)
        for widget, share in ((self.picker, 3), (self.amount, 4), (self.step, 3)):
            row.setStretch(row.indexOf(widget), share)
        self.on.toggled.connect(self._on_changed)
        # To pick a perturbation is to want it.
        self.picker.activated.connect(lambda: self.on.setChecked(True))
        self.picker.currentIndexChanged.connect(self._on_changed)
        self.amount.valueChanged.connect(self._on_changed)
        self.step.valueChanged.connect(self._on_changed)

    def _slider(self, name: str, widest: str) -> tuple[QSlider, QLabel]:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(name)
        slider.setToolTip(name)
        slider.setMinimumSize(72, 20)
        text = self._theme.label("", soft=True)
        text.setMinimumWidth(text.fontMetrics().horizontalAdvance(widest) + 4)
        return slider, text

    def _on_changed(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        attacked, pgd = bool(self.attack), self.picker.currentData() == PGD
        # A patch covers its square whatever the budget.
        patch = self.picker.currentData() in self._patches
        self.amount.setEnabled(attacked and not patch)
        size = "a patch" if patch else size_text(self.epsilon_255)
        self.amount_text.setText(size if attacked else "not added")
        for widget in (self.step, self.step_text):
            widget.setVisible(pgd)
        self.step.setEnabled(attacked)
        self.step_text.setText(f"step {self.step.value()}")
