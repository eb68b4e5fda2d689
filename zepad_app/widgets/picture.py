"""A small picture shown large with hard pixel edges, loaded from a file of a run."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from zepad_app.theme import Theme


class Picture(QWidget):
    """Keeps its proportions; says so where the file is missing."""

    def __init__(self, theme: Theme, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._size = size
        self.image = QImage()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_file(self, path: Path) -> None:
        """Load another file."""
        self.show_image(QImage(str(path)))

    def show_image(self, image: QImage) -> None:
        """Show another picture."""
        self.image = image
        self.setAccessibleDescription("" if not image.isNull() else "No picture stored.")
        self.update()

    def sizeHint(self) -> QSize:
        """The size asked for."""
        return self._size

    def area(self) -> QRect:
        """Where the picture lies inside the widget."""
        if self.image.isNull():
            return self.rect()
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRect(
            (self.width() - size.width()) // 2, (self.height() - size.height()) // 2, size.width(), size.height()
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture without smoothing, or the words for its absence."""
        painter = QPainter(self)
        if self.image.isNull():
            painter.fillRect(self.rect(), QColor(self._theme.tokens.raised))
            painter.setPen(QColor(self._theme.tokens.ink_soft))
            painter.setFont(self._theme.font("caption"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, "No picture stored")
        else:
            painter.drawImage(self.area(), self.image)
