"""A notice: what happened, what to do, one button that helps, and the details folded below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from zepad_app.failures import NoticeText
from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import IconButton, plain, secondary

_MOST_LINES: Final = 8


class Notice(QFrame):
    """A sentence, an advice and a button in a warning frame; hidden until there is something to say."""

    remedied = Signal(str)
    hidden = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, closable: bool = True) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = NoticeText(sentence="", advice="")
        self.setProperty("surface", "notice")
        self._icon = QLabel()
        self._sentence = label("", "body")
        self._sentence.setProperty("strong", True)
        self._advice = label("", "body", soft=True)
        for text in (self._sentence, self._advice):
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button: QPushButton = secondary("", lambda: self.remedied.emit(self._text.remedy), "Remedy")
        self.fold = plain("Details", self._on_fold, "Show or hide the details")
        self.fold.setCheckable(True)
        self._copy = plain("Copy", self._copy_detail, "Copy this notice with its details")
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("Details")
        self.details.setTabChangesFocus(True)
        self.details.hide()
        self._close = IconButton(theme, "close", "Dismiss this notice")
        self._close.clicked.connect(self.hide)
        self._arrange()
        self._close.setVisible(closable)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    @property
    def sentence(self) -> str:
        """The sentence shown last."""
        return self._text.sentence

    def tell(self, text: NoticeText) -> None:
        """Show a notice in place of the one before."""
        self._text = text
        self.setProperty("surface", "notice" if text.kind == "trouble" else "card")
        self.style().unpolish(self)
        self.style().polish(self)
        self._dress()
        self._sentence.setText(text.sentence)
        self._advice.setText(text.advice)
        self._advice.setVisible(bool(text.advice))
        self._button.setText(text.button)
        self._button.setAccessibleName(text.button)
        self._button.setVisible(text.remedy not in ("none", "copy"))
        self._copy.setVisible(text.kind == "trouble")
        self.fold.setVisible(bool(text.detail))
        self.fold.setChecked(False)
        self.details.setPlainText(text.detail)
        self.details.hide()
        self.setAccessibleName(f"{text.sentence} {text.advice}".strip())
        self.show()

    def forget_done(self) -> None:
        """Take good news away; troubles stay until they are dismissed."""
        if self._text.kind == "done":
            self.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that there is nothing to say any more."""
        super().hideEvent(event)
        if self.isHidden():
            self.hidden.emit()

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._sentence)
        words.addWidget(self._advice)
        row = QHBoxLayout()
        row.setSpacing(INSIDE + 4)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for widget in (self.fold, self._copy, self._button, self._close):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, INSIDE + 4, INSIDE, INSIDE + 4)
        column.setSpacing(INSIDE)
        column.addLayout(row)
        column.addWidget(self.details)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        trouble = self._text.kind == "trouble"
        icon = self._theme.icon(*(("warning", tokens.warning) if trouble else ("done", tokens.benign)))
        self._icon.setPixmap(icon.pixmap(QSize(20, 20), self.devicePixelRatioF()))

    def _on_fold(self) -> None:
        lines = min(self._text.detail.count("\n") + 1, _MOST_LINES)
        self.details.setFixedHeight(lines * self.details.fontMetrics().lineSpacing() + 3 * INSIDE)
        self.details.setVisible(self.fold.isChecked())

    def _copy_detail(self) -> None:
        lines = (self._text.sentence, self._text.advice, self._text.detail)
        QGuiApplication.clipboard().setText("\n".join(line for line in lines if line))
