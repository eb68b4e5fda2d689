"""A page that waits for an answer: what is being done, and a bar that runs until it is there."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from zepad_app.tokens import BETWEEN

_BAR: Final = 240


def waiting(words: QLabel, about: str) -> QWidget:
    """A page with these words above a bar that is ``about`` something."""
    bar = QProgressBar()
    bar.setRange(0, 0)
    bar.setTextVisible(False)
    bar.setFixedWidth(_BAR)
    bar.setAccessibleName(about)
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(BETWEEN)
    column.addStretch(2)
    for widget in (words, bar):
        column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(3)
    return page
