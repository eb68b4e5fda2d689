"""A line of text that gives way: what does not fit ends in an ellipsis, and the hint has all of it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption, QWidget

from zepad_app.widgets.hint import plain_hint


class ElidedLabel(QLabel):
    """A label of one line that asks for no width; ``text`` stays whole."""

    def __init__(self, role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setProperty("soft", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def tell(self, text: str, hint: str = "") -> None:
        """Show a text; the hint says it in full, with what is added to it."""
        self.setText(text)
        self.setToolTip(plain_hint(hint or text))

    @property
    def shown(self) -> str:
        """The text as it fits the width at hand."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        """One line high, and as narrow as may be."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        option = QStyleOption()
        option.initFrom(self)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        place: QRect = self.contentsRect()
        self.style().drawItemText(
            painter, place, int(self.alignment()), self.palette(), self.isEnabled(), self.shown, self.foregroundRole()
        )
