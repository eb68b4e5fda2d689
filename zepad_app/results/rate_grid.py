"""A small table of rates on a card: names at the left, a rate per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QGridLayout

from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_app.widgets.hint import plain_hint
from zepad_app.widgets.rate_label import RateLabel
from zepad_engine.evidence import Rate

# A longer name takes a second line.
_NAME = 190


@dataclass(frozen=True, slots=True)
class RateRow:
    """A name, what it means on hover, and a rate for each column."""

    name: str
    hint: str
    rates: tuple[Rate | None, ...]


def rate_grid(theme: Theme, head: Sequence[str], rows: Sequence[RateRow], about: str) -> QGridLayout:
    """``head`` names every column, the names' too; ``about`` says what the rates are of."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(INSIDE)
    for column, text in enumerate(head):
        grid.addWidget(theme.label(text, "caption", soft=True), 0, column)
    for number, row in enumerate(rows, start=1):
        name = theme.label(row.name)
        name.setToolTip(plain_hint(row.hint))
        name.setWordWrap(True)
        name.setMinimumWidth(min(name.fontMetrics().horizontalAdvance(row.name) + 4, round(_NAME * theme.scale)))
        grid.addWidget(name, number, 0)
        for column, rate in enumerate(row.rates, start=1):
            what = f"{head[column]} · {row.name} · {about}"
            grid.addWidget(RateLabel(theme, rate, what=what), number, column)
    grid.setColumnStretch(len(head), 1)
    return grid
