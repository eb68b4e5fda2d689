"""A tab that scrolls as a whole, with one column of content no wider than the design allows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, CONTENT_WIDTH, INSIDE


class Sheet(QScrollArea):
    """Content goes into ``column``, top to bottom."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # Not every tab has a control: the arrow keys scroll what Tab has reached.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("ring", True)
        page = QWidget()
        page.setObjectName("page")
        self.content = QWidget()
        self.content.setMaximumWidth(CONTENT_WIDTH)
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(0, BETWEEN, 0, AROUND)
        self.column.setSpacing(INSIDE)
        outer = QHBoxLayout(page)
        # The ring has the pixel that is missing.
        outer.setContentsMargins(AROUND - 1, 0, AROUND - 1, 0)
        outer.addStretch(1)
        outer.addWidget(self.content, 1000)
        outer.addStretch(1)
        self.setWidget(page)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def add_card(self, content: QWidget | QLayout, margin: int = BETWEEN) -> QFrame:
        """Put content on a card at the end of the column."""
        frame = card(content, margin)
        self.column.addWidget(frame)
        return frame

    def add_gap(self) -> None:
        """The space between two sections."""
        self.column.addSpacing(BETWEEN)


def card(content: QWidget | QLayout, margin: int = BETWEEN) -> QFrame:
    """A hairline frame around content."""
    frame = QFrame()
    frame.setProperty("surface", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(margin, margin, margin, margin)
    if isinstance(content, QWidget):
        layout.addWidget(content)
    else:
        layout.addLayout(content)
    return frame


def clear(layout: QLayout) -> None:
    """Empty a layout and let its widgets go."""
    while (item := layout.takeAt(0)) is not None:
        inner, widget = item.layout(), item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        if inner is not None:
            clear(inner)
