"""A box of choices that says with an ellipsis, and in full on hover, when its choice is longer than the box."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter


class ElidingBox(QComboBox):
    """Qt itself cuts the words off in the middle of a letter."""

    @property
    def shown(self) -> str:
        """What fits of the choice."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        return self._fitting(option)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the box, then as much of the choice as fits."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self._fitting(option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def event(self, event: QEvent) -> bool:
        """On hover the whole choice stands before what the box is for, where it is cut."""
        if event.type() != QEvent.Type.ToolTip or self.shown == self.currentText():
            return super().event(event)
        about = self.toolTip()
        self.setToolTip(f"{self.currentText()}\n{about}".strip())
        done = super().event(event)
        self.setToolTip(about)
        return done

    def _fitting(self, option: QStyleOptionComboBox) -> str:
        style, part = self.style(), QStyle.SubControl.SC_ComboBoxEditField
        room = style.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
