"""A sentence that asks for one line and takes more where it does not get that."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget


class WrappingLabel(QLabel):
    """Qt's own wrapping label would like to be two lines even where there is room for one."""

    def __init__(self, role: str = "body", *, soft: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setProperty("soft", soft)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def sizeHint(self) -> QSize:
        """All of it in one line."""
        self.ensurePolished()
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.lineSpacing())

    def minimumSizeHint(self) -> QSize:
        """As narrow as its longest word."""
        self.ensurePolished()
        metrics = self.fontMetrics()
        return QSize(max(map(metrics.horizontalAdvance, self.text().split()), default=0), metrics.lineSpacing())
