"""The drop zone: says what it takes and tells which files were dropped; it knows nothing of encoders."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from zepad_app.drops import dropped_things, takes
from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, CORNER, INSIDE
from zepad_app.widgets.buttons import secondary

_DASH: Final = (4.0, 4.0)


class DropZone(QFrame):
    """A wide target for files, with a browse button for those who do not drag; ``dropped`` carries them unread."""

    dropped = Signal(tuple)
    browse_requested = Signal()

    def __init__(self, theme: Theme, title: str, formats: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("surface", "drop")
        self.setAcceptDrops(True)
        self.setAccessibleName(title)
        self.setMinimumHeight(220)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = label(title, "section")
        self._browse = secondary("Browse…", self.browse_requested.emit, "Browse for an encoder or images")
        column = QVBoxLayout(self)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.setSpacing(INSIDE)
        column.addStretch()
        column.addWidget(self._icon)
        column.addWidget(self._title, 0, Qt.AlignmentFlag.AlignHCenter)
        for line in formats:
            caption = label(line, "caption", soft=True)
            column.addWidget(caption, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(INSIDE)
        column.addWidget(self._browse, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        theme.changed.connect(self._dress)
        self._dress()

    def set_title(self, text: str) -> None:
        """Change the sentence, for example while a file is being opened."""
        self._title.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dashes of one length along sides and corners; a style sheet's own run together where it is round."""
        super().paintEvent(event)
        if self.property("over"):
            return
        pen = QPen(QColor(self._theme.tokens.ink_soft), 1)
        pen.setDashPattern(_DASH)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), CORNER, CORNER)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and light up."""
        if takes(event.mimeData()):
            event.acceptProposedAction()
            self._set_over(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Calm down again."""
        self._set_over(False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell which files were dropped."""
        self._set_over(False)
        event.acceptProposedAction()
        self.dropped.emit(dropped_things(event.mimeData()))

    def _set_over(self, over: bool) -> None:
        self.setProperty("over", over)
        self.style().unpolish(self)
        self.style().polish(self)

    def _dress(self) -> None:
        icon = self._theme.icon("drop", self._theme.tokens.ink_soft)
        self._icon.setPixmap(icon.pixmap(QSize(32, 32), self.devicePixelRatioF()))
