"""How much a curve is smoothed: a slider that says its factor; 0 is none."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from zepad_app.theme import label
from zepad_app.tokens import INSIDE

# Per mille of the points in the window of the moving mean.
_STEPS: Final = (0, 5, 10, 20, 30, 50, 100, 200)
_FIRST: Final = 4


class Smoothing(QWidget):
    """A slider from no smoothing to a mean over a fifth of the points."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = label("", "caption", soft=True)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, len(_STEPS) - 1)
        self._slider.setPageStep(1)
        self._slider.setFixedWidth(96)
        self._slider.setAccessibleName("Smoothing")
        self._slider.setToolTip("A moving mean; the raw line stays visible behind it.")
        self._slider.valueChanged.connect(self._on_moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        row.addWidget(self._words)
        row.addWidget(self._slider)
        self._words.setText("Mean of 0.5 % of the points")
        self._words.setMinimumWidth(self._words.sizeHint().width())
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slider.setValue(_FIRST)

    @property
    def share(self) -> float:
        """The share of the points in the mean, 0 to 0.2."""
        return _STEPS[self._slider.value()] / 1000

    def choose(self, step: int) -> None:
        """Move the slider; 0 turns smoothing off."""
        self._slider.setValue(step)

    def _on_moved(self) -> None:
        words = f"Mean of {100 * self.share:g} % of the points" if self.share else "Not smoothed"
        self._words.setText(words)
        self._slider.setAccessibleDescription(words)
        self.changed.emit()
