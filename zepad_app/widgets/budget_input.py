"""The largest change of a pixel on both scales: n/255, and a share of the range 0 to 1; either can be typed."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from zepad_app.theme import label
from zepad_app.tokens import INSIDE
from zepad_app.widgets.inputs import NumberInput


class BudgetInput(QWidget):
    """Two linked numbers; ``value`` is in n/255."""

    changed = Signal(float)

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.of_255 = NumberInput(0, 10_000, 0.5)
        self.of_255.setAccessibleName(f"{text}, of 255")
        self.share = NumberInput(0, 40, 0.0001)
        self.share.setSingleStep(0.004)
        self.share.setAccessibleName(f"{text}, as a share of the range 0 to 1")
        self.of_255.valueChanged.connect(self._on_of_255)
        self.share.valueChanged.connect(self._on_share)
        self._value = 0.0
        self.setFocusProxy(self.of_255)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        for widget in (self.of_255, label("/255  =", "caption", soft=True), self.share):
            row.addWidget(widget)

    @property
    def value(self) -> float:
        """The budget in n/255."""
        return self._value

    def show_value(self, value: float) -> None:
        """Show a budget without telling anybody; the number that is being typed stays as it is typed."""
        if value == self._value:
            return
        self._value = value
        for control, shown in ((self.of_255, value), (self.share, value / 255)):
            if not control.hasFocus() or abs(control.value() - shown) > 10 ** -control.decimals():
                with QSignalBlocker(control):
                    control.setValue(shown)

    def _on_of_255(self, value: float) -> None:
        self._value = value
        with QSignalBlocker(self.share):
            self.share.setValue(value / 255)
        self.changed.emit(value)

    def _on_share(self, share: float) -> None:
        self._value = round(share * 255, 3)
        with QSignalBlocker(self.of_255):
            self.of_255.setValue(self._value)
        self.changed.emit(self._value)
