"""One test image clean, perturbed and as amplified difference, with what each system and each branch said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.wording import branch_meaning, branch_name, percent
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.branch_maps import BranchMaps
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.hint import plain_hint
from zepad_app.widgets.picture import Picture
from zepad_engine.evidence import Attribution
from zepad_engine.findings import BranchAnswer, Example

_SIDE: Final = 104
_BAR: Final = QSize(72, 12)


class ExampleStrip(QFrame):
    """An Example, drawn."""

    def __init__(
        self,
        theme: Theme,
        found: Example,
        folder: Path,
        task: str,
        maps: Attribution | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._theme = theme
        self.found = found
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
        if maps is not None:
            column.addWidget(BranchMaps(theme, maps, folder, 3 * _SIDE))
        column.addStretch(1)

    def _head(self, found: Example, task: str) -> QHBoxLayout:
        row = QHBoxLayout()
        title = self._theme.label(f"{task} · {found.label}")
        title.setProperty("strong", True)
        title.setToolTip(plain_hint(f"Test image {found.index}, chosen as: {found.chosen}."))
        row.addWidget(title)
        row.addStretch(1)
        flag = QLabel()
        flag.setPixmap(self._theme.icon("warning", self._theme.tokens.adversarial).pixmap(16, 16))
        if not found.flagged:
            flag.hide()
        row.addWidget(flag)
        words = self._theme.label(
            "flagged as DAE" if found.flagged else "not flagged", "caption", soft=not found.flagged
        )
        words.setProperty("meaning", "adversarial" if found.flagged else "")
        if found.score is not None:
            words.setToolTip(f"Detection score {found.score:.2f}, at the calibrated threshold.")
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
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        for column, text in enumerate(("", "clean", "perturbed", "confidence" if found.branches else "")):
            grid.addWidget(self._theme.label(text, "caption", soft=True), 0, column)
        self._row(grid, "Undefended", found.undefended_clean, found.undefended_perturbed, found.label)
        self._row(grid, "ZePAD", found.zepad_clean, found.zepad_perturbed, found.label)
        for answer in found.branches:
            self._row(grid, branch_name(answer.branch), answer.clean, answer.perturbed, found.label)
            grid.addWidget(ConfidenceBar(self._theme, answer), grid.rowCount() - 1, 3, Qt.AlignmentFlag.AlignVCenter)
        for column in (1, 2):
            grid.setColumnStretch(column, 1)
        return grid

    def _row(self, grid: QGridLayout, system: str, clean: str, perturbed: str, label: str) -> None:
        row = grid.rowCount()
        grid.addWidget(self._theme.label(system, "caption", soft=True), row, 0)
        for column, said in ((1, clean), (2, perturbed)):
            words = ElidedLabel("caption")
            words.setProperty("soft", False)
            words.tell(f"{'✓' if said == label else '✗'} {said}" if said else "", said)
            grid.addWidget(words, row, column)


class ConfidenceBar(QWidget):
    """A branch's confidence on the perturbed image, in its colour; its share of the weight as a tick."""

    def __init__(self, theme: Theme, answer: BranchAnswer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.answer = answer
        self.setFixedSize(_BAR)
        told = f"confidence {percent(answer.confidence)}, weight {percent(answer.weight_share)}"
        self.setAccessibleName(f"{branch_name(answer.branch)}: {told}")
        self.setToolTip(f"On the perturbed image: {told} (tick).")
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, bar, tick."""
        painter = QPainter(self)
        tokens, whole = self._theme.tokens, QRectF(0, 2, self.width(), self.height() - 4)
        painter.fillRect(whole, QColor(tokens.raised))
        bar = QRectF(whole)
        bar.setWidth(whole.width() * self.answer.confidence)
        painter.fillRect(bar, self._theme.colour(branch_meaning(self.answer.branch)))
        x = min(whole.width() * self.answer.weight_share, whole.width() - 1)
        for width, colour in ((4, tokens.surface), (2, tokens.ink)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
