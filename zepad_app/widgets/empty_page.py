"""An empty page: what will be here, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN
from zepad_app.widgets.buttons import primary


class EmptyPage(QWidget):
    """An icon, a title, a sentence and one button."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        words: tuple[str, str, str],
        on_next: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        """``words`` are the title, the sentence and the button."""
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self._picture = QLabel()
        self._title = theme.label(words[0], "section")
        self.sentence = theme.label(words[1], soft=True)
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setFixedWidth(460)
        self.next = primary(words[2], on_next)
        column = QVBoxLayout(self)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.setSpacing(BETWEEN)
        column.addStretch(2)
        for widget in (self._picture, self._title, self.sentence, self.next):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        theme.changed.connect(self._dress)
        self._dress()

    def tell(self, words: tuple[str, str, str]) -> None:
        """Say something else: title, sentence and button."""
        title, sentence, button = words
        self._title.setText(title)
        self.sentence.setText(sentence)
        self.next.setText(button)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Give the wrapped sentence the height it needs in the font in force."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.sentence.setMinimumHeight(self.sentence.heightForWidth(self.sentence.width()))

    def _dress(self) -> None:
        icon = self._theme.icon(self._icon, self._theme.tokens.ink_soft)
        self._picture.setPixmap(icon.pixmap(QSize(48, 48), self.devicePixelRatioF()))
