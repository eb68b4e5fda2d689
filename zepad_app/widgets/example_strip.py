"""One test image clean, perturbed and as amplified difference, with what each system said of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.picture import Picture
from zepad_engine.findings import Example

_SIDE = 104


class ExampleStrip(QFrame):
    """An Example, drawn."""

    def __init__(self, theme: Theme, found: Example, folder: Path, task: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._theme = theme
        name = f"Test image {found.index} of {task}: clean, perturbed, difference"
        self.picture = Picture(theme, name, QSize(3 * _SIDE, _SIDE))
        self.picture.show_file(folder / found.file)
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        column.setSpacing(INSIDE)
        column.addLayout(self._head(found, task))
        column.addWidget(self.picture)
        column.addLayout(self._captions(found))
        column.addLayout(self._answers(found))
        column.addStretch(1)

    def _head(self, found: Example, task: str) -> QHBoxLayout:
        row = QHBoxLayout()
        title = self._theme.label(f"{task} · {found.label}")
        title.setToolTip(f"Test image {found.index}, chosen as: {found.chosen}.")
        row.addWidget(title)
        row.addStretch(1)
        flag = QLabel()
        flag.setPixmap(self._theme.icon("warning", self._theme.tokens.adversarial).pixmap(16, 16))
        flag.setVisible(found.flagged)
        row.addWidget(flag)
        words = self._theme.label(
            "flagged as DAE" if found.flagged else "not flagged", "caption", soft=not found.flagged
        )
        words.setProperty("meaning", "adversarial" if found.flagged else "")
        row.addWidget(words)
        return row

    def _captions(self, found: Example) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        for text in ("clean", "perturbed", f"difference ×{found.gain:g}"):
            label = self._theme.label(text, "caption", soft=True)
            label.setFixedWidth(_SIDE)
            row.addWidget(label)
        row.addStretch(1)
        return row

    def _answers(self, found: Example) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(BETWEEN)
        grid.setVerticalSpacing(2)
        rows = (
            ("Undefended, clean", found.undefended_clean),
            ("Undefended, perturbed", found.undefended_perturbed),
            ("ZePAD, perturbed", found.zepad_perturbed),
        )
        for number, (system, said) in enumerate(rows):
            right = said == found.label
            grid.addWidget(self._theme.label(system, "caption", soft=True), number, 0)
            grid.addWidget(self._theme.label(f"{'✓' if right else '✗'} {said}", "caption"), number, 1)
        grid.setColumnStretch(1, 1)
        return grid
