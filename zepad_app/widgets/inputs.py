"""Number, choice and switch inputs that do not change when a page is scrolled over them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox, QWidget


class IntegerInput(QSpinBox):
    """A whole number; ``lowest``, where given, is the word shown in place of ``low``."""

    def __init__(self, low: int, high: int, step: int = 1, lowest: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSpecialValueText(lowest)
        self.setGroupSeparatorShown(True)
        self.setFixedWidth(128)
        # The style sheet's padding does not reach the text of a spin box.
        self.lineEdit().setTextMargins(6, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll unless this field has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberInput(QDoubleSpinBox):
    """A number with as many decimals as its step needs."""

    def __init__(self, low: float, high: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(_decimals(step))
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setFixedWidth(128)
        # The style sheet's padding does not reach the text of a spin box.
        self.lineEdit().setTextMargins(6, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def textFromValue(self, value: float) -> str:
        """The number without zeros that say nothing."""
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll unless this field has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceInput(QComboBox):
    """One of several words; ``keys`` stand behind them."""

    def __init__(self, choices: tuple[tuple[str, str], ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMinimumWidth(128)
        for key, text in choices:
            self.addItem(text, key)

    @property
    def key(self) -> str:
        """The key of the chosen word."""
        return str(self.currentData())

    def choose(self, key: str) -> None:
        """Choose by key; an unknown key changes nothing."""
        index = self.findData(key)
        if index >= 0:
            self.setCurrentIndex(index)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll unless this field has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _decimals(step: float) -> int:
    for decimals in range(8):
        if abs(step * 10**decimals - round(step * 10**decimals)) < 1e-9 and step * 10**decimals >= 1 - 1e-9:
            return max(decimals, 1)
    return 8
