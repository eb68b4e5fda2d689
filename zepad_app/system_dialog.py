"""System information: what `python main.py doctor` finds, told by a process of its own, to be copied."""

from __future__ import annotations

import sys
from typing import Final

import msgspec
from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.theme import Theme, label, line
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import plain, secondary
from zepad_app.widgets.column import Column
from zepad_engine import __version__

_LEVELS: Final = {"good": ("done", "ok"), "note": ("information", "note"), "bad": ("warning", "bad")}


class _Check(msgspec.Struct):
    name: str
    level: str
    found: str
    advice: str


class SystemDialog(QDialog):
    """A row per fact, as the doctor on the command line tells them; it takes a few seconds to look."""

    def __init__(self, parent: QWidget | None, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._checks: list[_Check] = []
        self.setWindowTitle("System information")
        self.resize(720, 560)
        self.words = label("Looking at this machine…", "body", soft=True)
        self.copy_all = secondary("Copy", self._on_copy, "Copy the system information")
        self.copy_all.setEnabled(False)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(BETWEEN)
        self._grid.setVerticalSpacing(INSIDE)
        self._grid.setColumnStretch(2, 1)
        self._arrange()
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(lambda _error: self._fail())
        self._process.start(sys.executable, ["-m", "zepad_engine", "doctor", "--json"])

    @property
    def text(self) -> str:
        """What the copy button copies: the facts as lines, empty until they are known."""
        lines = [f"{check.level:<4}  {check.name:<20} {check.found}".rstrip() for check in self._checks]
        return "\n".join((f"ZePAD {__version__}", *lines)) if lines else ""

    def done(self, result: int) -> None:
        """Close, and stop looking."""
        self._process.blockSignals(True)
        self._process.kill()
        self._process.waitForFinished(500)
        super().done(result)

    def _arrange(self) -> None:
        column = Column(672)
        column.body.addWidget(self.words)
        column.body.addLayout(self._grid)
        column.body.addStretch(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(AROUND, BETWEEN, AROUND, BETWEEN)
        foot.addWidget(label("The same as: python main.py doctor", "caption", soft=True), 1)
        foot.addWidget(self.copy_all)
        foot.addWidget(plain("Close", self.accept))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(column, 1)
        outer.addWidget(line())
        outer.addLayout(foot)

    def _on_finished(self) -> None:
        try:
            self._checks = msgspec.json.decode(bytes(self._process.readAllStandardOutput().data()), type=list[_Check])
        except msgspec.DecodeError:
            self._fail()
            return
        bad = sum(check.level == "bad" for check in self._checks)
        self.words.setText(
            f"{bad} of {len(self._checks)} checks are bad." if bad else "Everything ZePAD needs is there."
        )
        for row, check in enumerate(self._checks):
            self._add(row, check)
        self.copy_all.setEnabled(True)

    def _add(self, row: int, check: _Check) -> None:
        icon, word = _LEVELS[check.level]
        tokens = self._theme.tokens
        colour = {"good": tokens.benign, "note": tokens.ink_soft, "bad": tokens.warning}[check.level]
        picture = QLabel()
        picture.setPixmap(self._theme.icon(icon, colour).pixmap(16, 16))
        picture.setAccessibleName(word)
        found = label(f"{check.found}\n{check.advice}".strip())
        found.setWordWrap(True)
        found.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(picture, row, 0, top)
        self._grid.addWidget(label(check.name, soft=True), row, 1, top)
        self._grid.addWidget(found, row, 2, top)

    def _fail(self) -> None:
        self.words.setText("The doctor could not be asked. Run `python main.py doctor` in a terminal; it says why.")

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
