"""A scrolling page whose content keeps a readable width and stays centred."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from zepad_app.tokens import AROUND, BETWEEN, CONTENT_WIDTH


class Column(QScrollArea):
    """A vertical scroll area; widgets go into ``body``."""

    def __init__(self, width: int = CONTENT_WIDTH, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QWidget()
        outer.setProperty("surface", "ground")
        content = QWidget()
        content.setMaximumWidth(width)
        centre = QHBoxLayout(outer)
        centre.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        centre.addStretch(1)
        centre.addWidget(content, 1000)
        centre.addStretch(1)
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(BETWEEN)
        self.setWidget(outer)
