"""The two audits side by side, and between them how far they are apart."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.comparison.wording import headline_words, headlines, side_line
from zepad_app.results.sheet import clear
from zepad_app.results.wording import unbroken
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.thumbnail import thumbnail
from zepad_engine.comparison import Comparison, MeanDifference, Side, interval_text, points_text

_THUMBNAIL: Final = 48
_MIDDLE: Final = 260


class Sides(QWidget):
    """First audit, the difference, second audit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row = QGridLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(BETWEEN)
        for column, stretch in ((0, 1), (1, 0), (2, 1)):
            self._row.setColumnStretch(column, stretch)

    def show_comparison(self, comparison: Comparison, folders: tuple[Path, Path]) -> None:
        """Show both audits, whose pictures lie in ``folders``."""
        clear(self._row)
        self._row.addWidget(self._card("First", comparison.first, folders[0]), 0, 0)
        self._row.addWidget(self._middle(comparison), 0, 1)
        self._row.addWidget(self._card("Second", comparison.second, folders[1]), 0, 2)

    def _card(self, which: str, side: Side, folder: Path) -> QFrame:
        frame = QFrame()
        frame.setProperty("surface", "card")
        frame.setAccessibleName(f"{which} audit: {side.encoder}, {side_line(side)}. {side.verdict}")
        name = ElidedLabel()
        name.setProperty("strong", True)
        name.setProperty("soft", False)
        name.tell(side.encoder)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._theme.label(which, "caption", soft=True))
        words.addWidget(name)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(thumbnail(self._theme, folder / side.thumbnail if side.thumbnail else None, _THUMBNAIL))
        head.addLayout(words, 1)
        column = QVBoxLayout(frame)
        column.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        column.setSpacing(INSIDE)
        column.addLayout(head)
        for text in (side_line(side), f"{side.run} · {side.created_utc[:16].replace('T', ' ')} UTC"):
            line = ElidedLabel("caption")
            line.tell(text)
            column.addWidget(line)
        verdict = self._theme.label(unbroken(side.verdict))
        verdict.setWordWrap(True)
        verdict.setTextFormat(Qt.TextFormat.PlainText)
        verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column.addWidget(verdict)
        column.addStretch(1)
        return frame

    def _middle(self, comparison: Comparison) -> QWidget:
        middle = QWidget()
        middle.setFixedWidth(_MIDDLE)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, BETWEEN, 0, BETWEEN)
        column.setSpacing(2)
        column.addStretch(1)
        found = headlines(comparison)
        for number, mean in enumerate(found):
            self._add_figure(column, comparison, mean, large=number == 0)
        if found:
            tasks = len(found[0].tasks)
            told = f"Accuracy, mean over {tasks} task{'s' if tasks != 1 else ''}: second minus first, in points"
            column.addWidget(self._centred(told, "caption"))
        else:
            column.addWidget(self._centred("No task in common", "body"))
        column.addStretch(1)
        return middle

    def _add_figure(self, column: QVBoxLayout, comparison: Comparison, mean: MeanDifference, *, large: bool) -> None:
        words, points, interval = headline_words(comparison, mean), points_text(mean), interval_text(mean)
        if large:
            figure = self._centred(points, "verdict", soft=False)
            figure.setAccessibleName(f"{words}: {points} points, 95 % interval {interval}")
            column.addWidget(figure)
            column.addWidget(self._centred(interval, "caption"))
            column.addWidget(self._centred(words, "body", soft=False))
            column.addSpacing(INSIDE)
        else:
            column.addWidget(self._centred(f"{points} {interval}", "body", soft=False))
            column.addWidget(self._centred(words, "caption"))
            column.addSpacing(4)

    def _centred(self, text: str, role: str, *, soft: bool = True) -> QLabel:
        made = self._theme.label(text, role, soft=soft)  # type: ignore[arg-type]
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        made.setWordWrap(True)
        return made
