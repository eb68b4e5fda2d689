"""The log of a run: lines with their times, filtered as one types, and copied as they are shown."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from zepad_app.run_log import LONGEST, LogLine, RunLog
from zepad_app.theme import label
from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary


class LogView(QWidget):
    """Follows a RunLog; stays at the newest line unless one has scrolled up."""

    def __init__(self, log: RunLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter the log")
        self.filter.setAccessibleName("Filter the log")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._redraw)
        self._count = label("", "caption", soft=True)
        self._copy = secondary("Copy", self._on_copy, "Copy the lines shown")
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setMaximumBlockCount(LONGEST)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName("Log of the audit")
        self._text.setTabChangesFocus(True)
        self._text.setProperty("surface", "log")
        head = QHBoxLayout()
        head.setSpacing(INSIDE)
        head.addWidget(self.filter, 1)
        head.addWidget(self._count)
        head.addWidget(self._copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addLayout(head)
        column.addWidget(self._text, 1)
        log.grown.connect(self._on_grown)
        log.cleared.connect(self._redraw)
        self._redraw()

    @property
    def text(self) -> str:
        """The lines shown."""
        return self._text.toPlainText()

    def _shows(self, line: LogLine) -> bool:
        return all(word in str(line).lower() for word in self.filter.text().lower().split())

    def _on_grown(self, line: LogLine) -> None:
        if self._shows(line):
            self._text.appendPlainText(str(line))
        self._tell_count()

    def _redraw(self) -> None:
        self._text.setPlainText("\n".join(str(line) for line in self._log.lines if self._shows(line)))
        self._text.verticalScrollBar().setValue(self._text.verticalScrollBar().maximum())
        self._tell_count()

    def _tell_count(self) -> None:
        known = len(self._log.lines)
        shown = 0 if self._text.document().isEmpty() else self._text.blockCount()
        self._count.setText(f"{shown} of {known} lines" if self.filter.text() else f"{known} lines")
        self._copy.setEnabled(bool(shown))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
