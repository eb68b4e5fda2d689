"""The common ground of inputs for a path, typed or browsed for."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary


class PathInput(QWidget):
    """A line with the path, and a browse button beside it; the subclass says how one browses."""

    chosen = Signal()

    def __init__(self, text: str, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._told = ""
        self._line = QLineEdit()
        self._line.setAccessibleName(text)
        self._line.editingFinished.connect(self._on_edited)
        self.setFocusProxy(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        row.addWidget(self._line, 1)
        row.addWidget(secondary("Browse…", self._on_browse, f"Choose a {kind}: {text}"))

    @property
    def path(self) -> str:
        """The path as it was typed or chosen, without blanks around it; "" while there is none."""
        return self._line.text().strip()

    def browsed(self) -> str:
        """The path chosen in a dialog, or ""."""
        raise NotImplementedError

    def show_path(self, path: str) -> None:
        """Show a path without telling anybody."""
        with QSignalBlocker(self._line):
            self._line.setText(path)
        self._line.setToolTip(path)
        self._told = path

    def _on_edited(self) -> None:
        self._take(self.path)

    def _on_browse(self) -> None:
        path = self.browsed()
        if path:
            self._take(path)

    def _take(self, path: str) -> None:
        if path != self._told:
            self.show_path(path)
            self.chosen.emit()
