"""What will happen to what is dragged over the window, before it is let go."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, CORNER, INSIDE

_OPAQUE: Final = 0.93


class DropOverlay(QFrame):
    """A frame over the whole of its parent with one sentence; the mouse and the drag go through it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parent = parent
        self._refused = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._icon = QLabel()
        self._sentence = label("", "section")
        self._advice = label("", "body", soft=True)
        column = QVBoxLayout(self)
        column.setSpacing(INSIDE)
        column.addStretch(1)
        for words in (self._icon, self._sentence, self._advice):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(words)
        column.addStretch(1)
        parent.installEventFilter(self)
        theme.changed.connect(self._dress)
        self.hide()

    @property
    def sentence(self) -> str:
        """What it says, or "" while it is hidden."""
        return "" if self.isHidden() else self._sentence.text()

    def tell(self, sentence: str, advice: str = "", *, refused: bool = False) -> None:
        """Show over everything."""
        self._refused = refused
        self._sentence.setText(sentence)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        self.setAccessibleName(f"{sentence} {advice}".strip())
        self._dress()
        self._cover()
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep covering the parent when that is resized."""
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The page shows through a little, so that one sees where one is."""
        tokens = self._theme.tokens
        ground = QColor(tokens.warning_ground if self._refused else tokens.surface)
        ground.setAlphaF(_OPAQUE)
        pen = QPen(QColor(tokens.warning if self._refused else tokens.accent), 2, Qt.PenStyle.DashLine)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), CORNER, CORNER)
        painter.end()

    def _cover(self) -> None:
        self.setGeometry(self._parent.rect().adjusted(INSIDE, INSIDE, -INSIDE, -INSIDE))

    def _dress(self) -> None:
        tokens = self._theme.tokens
        name, colour = ("warning", tokens.warning) if self._refused else ("drop", tokens.ink)
        self.update()
        self._icon.setPixmap(
            self._theme.icon(name, colour).pixmap(QSize(AROUND * 2, AROUND * 2), self.devicePixelRatioF())
        )
