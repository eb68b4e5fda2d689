"""A labelled control with its unit, a hint and, where something is wrong, the reason right under it."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from zepad_app.theme import label
from zepad_app.tokens import INSIDE


class FieldRow(QWidget):
    """Label at the left, control beside it; ``complain`` shows why a value cannot be."""

    def __init__(
        self, text: str, control: QWidget, unit: str = "", hint: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.control = control
        self._name = label(text)
        self._name.setBuddy(control)
        self._name.setMinimumWidth(220)
        self._name.setWordWrap(True)
        self._trouble = label("", "caption")
        self._trouble.setProperty("meaning", "warning")
        self._trouble.setWordWrap(True)
        self._trouble.hide()
        if not control.accessibleName():
            control.setAccessibleName(f"{text}, {unit}" if unit else text)
        if hint:
            self._name.setToolTip(hint)
            control.setToolTip(hint)
        row = QHBoxLayout()
        row.setSpacing(INSIDE)
        row.addWidget(control)
        if unit:
            row.addWidget(label(unit, "caption", soft=True))
        if control.sizePolicy().horizontalPolicy() != QSizePolicy.Policy.Expanding:
            row.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(INSIDE)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._name, 0, 0)
        grid.addLayout(row, 0, 1)
        grid.addWidget(self._trouble, 1, 1)

    @property
    def trouble(self) -> str:
        """The reason shown, or ""."""
        return self._trouble.text()

    @property
    def text(self) -> str:
        """The label."""
        return self._name.text()

    def complain(self, sentence: str) -> None:
        """Show why the value cannot be; "" takes it back."""
        self._trouble.setText(sentence)
        self._trouble.setVisible(bool(sentence))
        self.control.setProperty("wrong", bool(sentence))
        self.control.setAccessibleDescription(sentence)
        self.control.style().unpolish(self.control)
        self.control.style().polish(self.control)
