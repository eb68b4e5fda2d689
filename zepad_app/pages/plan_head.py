"""The head of the plan page: preset, mode, seed, what it will take, the plan's file, and the search."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput
from zepad_app.widgets.segments import Segments
from zepad_app.widgets.wrapping_label import WrappingLabel
from zepad_engine.plan import AuditPlan

_PRESETS: Final = (
    ("quick", "Quick", "Shows that it works, in a few minutes."),
    ("standard", "Standard", "The measured default."),
    ("paper", "Paper", "The published settings; wants a GPU."),
)
_MODES: Final = (("corrected", "Corrected"), ("official", "Official, with the faults of the release"))


class PlanHead(QFrame):
    """Preset, mode and seed at the left; at the right the estimate and what can be done with the plan's file."""

    preset_chosen = Signal(str)
    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.presets = Segments(_PRESETS, "Preset")
        self.presets.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.presets.chosen.connect(self.preset_chosen)
        self.mode = ChoiceInput(_MODES)
        self.mode.currentIndexChanged.connect(lambda: self.edited.emit("mode", self.mode.key))
        self.seed = IntegerInput(0, 2**31 - 1)
        self.seed.valueChanged.connect(lambda value: self.edited.emit("seed", value))
        self.estimate = WrappingLabel()
        self.estimate.setProperty("strong", True)
        self._why = WrappingLabel("caption", soft=True)
        self.menu = QMenu(self)
        self._button = secondary("Plan file", lambda: None, "Load, save or duplicate the plan")
        self._button.setMenu(self.menu)
        self._arrange()

    def show_plan(self, plan: AuditPlan) -> None:
        """Show the plan's values without telling anybody."""
        for widget in (self.presets, self.mode, self.seed):
            widget.blockSignals(True)
        self.presets.choose(plan.preset)
        self.mode.choose(plan.mode)
        self.seed.setValue(plan.seed)
        for widget in (self.presets, self.mode, self.seed):
            widget.blockSignals(False)

    def tell_estimate(self, words: str, why: str) -> None:
        """Say how long it will take, and how that is known."""
        self.estimate.setText(words)
        self._why.setText(why)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(INSIDE)
        left.addWidget(FieldRow("Preset", self.presets))
        left.addWidget(FieldRow("Mode", self.mode, hint="Corrected, or bug-compatible with the paper's release."))
        left.addWidget(FieldRow("Seed", self.seed, hint="The same seed and machine give the same report."))
        self._button.setMinimumWidth(self._button.sizeHint().width() + BETWEEN)
        right = QVBoxLayout()
        right.setSpacing(4)
        for words in (self.estimate, self._why):
            words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            right.addWidget(words)
        right.addStretch(1)
        right.addWidget(self._button, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(AROUND, BETWEEN, AROUND, BETWEEN)
        row.setSpacing(AROUND)
        row.addLayout(left, 1)
        row.addLayout(right)


class PlanSearch(QLineEdit):
    """Filters every card of the page; Escape clears it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setPlaceholderText("Search attacks, defences, tasks and data, their descriptions and citations")
        self.setAccessibleName("Search attacks, defences, tasks and data")
        self.setClearButtonEnabled(True)
