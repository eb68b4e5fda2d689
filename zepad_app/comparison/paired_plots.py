"""Both audits on each task: accuracies joined by a bar, and beside them the difference with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QColor, QFontMetrics, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.comparison.wording import MAIN, difference_sentence, name_in
from zepad_app.results.wording import rate_hint
from zepad_app.theme import Theme
from zepad_app.tokens import Meaning
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.legend_row import Key
from zepad_engine.comparison import Comparison, Difference, interval_text, points_text

_LANE: Final = 30
_MARGIN: Final = 56
# Whose accuracies the plots can show: all but the detector's figures.
ATTACKED: Final = ("universal", "worst", "adaptive")
_MEANINGS: Final[dict[str, Meaning]] = {"undefended": "undefended", "zepad": "fused"}


def rows_of(comparison: Comparison, attack: str) -> tuple[Difference, ...]:
    """The accuracies under one attack, task by task, the main systems first."""
    mine = [
        each
        for each in comparison.differences
        if each.measure == "accuracy" and each.about in ATTACKED and each.attack == attack
    ]
    tasks = list(dict.fromkeys(each.task for each in mine))
    shown = [each for each in mine if each.defence in MAIN] or mine
    # Undefended above ZePAD, as on the results page.
    order = [*reversed(MAIN), *dict.fromkeys(each.defence for each in shown)]
    return tuple(sorted(shown, key=lambda each: (tasks.index(each.task), order.index(each.defence))))


class _Lanes(FigurePlot):
    """One lane per difference, tasks apart from each other; both plots share these places."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, title, parent)
        self.comparison: Comparison | None = None
        self.rows: tuple[Difference, ...] = ()
        self.attack = ""

    def show_rows(self, comparison: Comparison, rows: Sequence[Difference], attack: str) -> None:
        """Draw other rows."""
        self.comparison, self.rows, self.attack = comparison, tuple(rows), attack
        breaks = len({row.task for row in self.rows})
        self.setFixedHeight(round(_LANE * (len(self.rows) + 0.5 * breaks) * self.theme.scale) + _MARGIN)
        self.redraw()

    def places(self) -> list[float]:
        """The height of each lane, the first at 0 and all others below."""
        found: list[float] = []
        y, before = 0.0, ""
        for row in self.rows:
            y -= (1.0 if found else 0.0) + (0.5 if found and row.task != before else 0.0)
            found.append(y)
            before = row.task
        return found

    def by_system(self, places: Sequence[float]) -> dict[str, list[tuple[float, Difference]]]:
        """The lanes of each system."""
        found: dict[str, list[tuple[float, Difference]]] = {}
        for y, row in zip(places, self.rows, strict=True):
            found.setdefault(row.defence, []).append((y, row))
        return found

    def colour_of(self, defence: str) -> QColor:
        """The colour a system has everywhere."""
        meaning = _MEANINGS.get(defence)
        return self.theme.colour(meaning) if meaning else self.soft()

    def symbol_of(self, defence: str) -> str:
        """The marker a system has everywhere."""
        meaning = _MEANINGS.get(defence)
        return self.theme.marker(meaning) if meaning else "o"

    def whisker(self, colour: QColor) -> QPen:
        """The pen of an interval."""
        pen = QPen(colour, 1.2)
        pen.setCosmetic(True)
        return pen

    def set_names(self, side: str, places: Sequence[float], names: Sequence[str]) -> None:
        """Words at the lanes, on an axis as wide as they are."""
        self.set_ticks(side, list(zip(places, names, strict=True)))
        # Left to itself an axis finds its width only when it is painted for the second time.
        metrics = QFontMetrics(self.theme.font("caption"))
        self.plot.axis(side).setWidth(max((metrics.horizontalAdvance(name) for name in names), default=0) + 14)

    def set_lanes(self, places: Sequence[float]) -> None:
        """Room for every lane."""
        self.plot.show_range("left", min(places, default=-1.0) - 0.7, 0.7, padding=0)


class PairedPlot(_Lanes):
    """Hollow is the first audit, filled the second; whiskers are 95 % intervals."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Accuracy in both audits, per task", parent)

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        theme = self.theme
        return (
            Key(text="Undefended", pen=lambda: theme.pen("undefended"), symbol=theme.marker("undefended")),
            Key(text="ZePAD", pen=lambda: theme.pen("fused"), symbol=theme.marker("fused")),
            Key(text="hollow: first audit", pen=lambda: QPen(self.soft()), symbol="o", filled=False),
            Key(text="filled: second audit", pen=lambda: QPen(self.soft()), symbol="o"),
            Key(text="95 % interval", pen=lambda: self.whisker(QColor(theme.tokens.ink))),
        )

    def draw(self) -> None:
        """One dumbbell per row."""
        places = self.places()
        low = min((min(row.first.low, row.second.low) for row in self.rows), default=0.0)
        floor = max(0.0, int(low * 10) / 10)
        self.plot.show_range("bottom", floor, 1.0, padding=0.05)
        self.set_lanes(places)
        self.set_percent_ticks("bottom", floor, 1.0, 0.1 if floor >= 0.3 else 0.2)
        self.set_names("left", places, [self._lane_name(row) for row in self.rows])
        marks = [n / 10 for n in range(round(floor * 10), 11)]
        bottom = min(places, default=-1.0) - 0.7
        self.add_line(
            [x for mark in marks for x in (mark, mark)], [bottom, 0.7] * len(marks), self.hairline(), pairs=True
        )
        for defence, lanes in self.by_system(places).items():
            self._dumbbells(defence, lanes)

    def summary(self) -> str:
        """Each row in a clause."""
        if self.comparison is None or not self.rows:
            return "Nothing to compare."
        return " ".join(difference_sentence(self.comparison, row) for row in self.rows)

    def figures(self) -> Figures:
        """One row per audit, task and system."""
        rows: list[list[object]] = [["audit", "task", "attack", "system", "accuracy", "low", "high", "n"]]
        for row in self.rows:
            for audit, rate in (("first", row.first), ("second", row.second)):
                rows.append([audit, row.task, row.attack, row.defence, rate.value, rate.low, rate.high, rate.n])
        return rows

    def _lane_name(self, row: Difference) -> str:
        assert self.comparison is not None
        names = [name_in(self.comparison, key) for key in (row.task, row.defence)]
        first = next(each for each in self.rows if each.task == row.task) is row
        return f"{names[0]}    {names[1]}" if first else names[1]

    def _dumbbells(self, defence: str, lanes: list[tuple[float, Difference]]) -> None:
        """All of one system at once: an item of the plot each would take ten times as long."""
        colour, symbol = self.colour_of(defence), self.symbol_of(defence)
        bar = QPen(colour, 2.2)
        bar.setCosmetic(True)
        ends = [x for _, row in lanes for x in (row.first.value, row.second.value)]
        self.add_line(ends, [y for y, _ in lanes for _ in range(2)], bar, pairs=True)
        sides = [(row.first, y + 0.2) for y, row in lanes] + [(row.second, y - 0.2) for y, row in lanes]
        whiskers = [x for rate, _ in sides for x in (rate.low, rate.high)]
        self.add_line(whiskers, [y for _, y in sides for _ in range(2)], self.whisker(colour), pairs=True)
        for word, filled in (("First", False), ("Second", True)):
            rates = [(row.second if filled else row.first, y) for y, row in lanes]
            hints = [f"{word} audit: {rate_hint(rate)}" for rate, _ in rates]
            points = [(rate.value, y) for rate, y in rates]
            self.add_marks(points, symbol, colour, size=14, filled=filled, hints=hints)


class DifferencePlot(_Lanes):
    """Second minus first, with its interval around; a line marks no difference."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Difference between the audits, per task", parent)
        self.plot.axis("right")

    def draw(self) -> None:
        """One interval per row, its figures behind it."""
        places = self.places()
        reach = max((max(abs(row.low), abs(row.high)) for row in self.rows), default=0.1)
        reach = max(0.02, reach)
        step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if step >= reach * self.theme.scale / 2.5)
        ticks = [n * step for n in range(-int(reach / step), int(reach / step) + 1)]
        self.plot.show_range("bottom", -reach, reach, padding=0.04)
        self.set_lanes(places)
        self.set_ticks("bottom", [(x, f"{100 * x:+.0f}".replace("-", "−") if x else "0") for x in ticks])
        self.set_ticks("left", [])
        told = [f"{points_text(row)}  {interval_text(row)}" for row in self.rows]
        self.set_names("right", places, told)
        bottom = min(places, default=-1.0) - 0.7
        self.add_line([x for x in ticks for _ in range(2)], [bottom, 0.7] * len(ticks), self.hairline(), pairs=True)
        self.add_line([0.0, 0.0], [bottom, 0.7], self.whisker(self.soft()))
        for defence, lanes in self.by_system(places).items():
            self._intervals(defence, lanes)

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        return (
            Key(text="beyond chance (Holm)", pen=lambda: QPen(QColor(self.theme.tokens.ink)), symbol="o"),
            Key(text="may be chance", pen=lambda: QPen(self.soft()), symbol="o", filled=False),
        )

    def summary(self) -> str:
        """Each row's figure."""
        if self.comparison is None or not self.rows:
            return "Nothing to compare."
        clauses = []
        for row in self.rows:
            names = " on ".join(name_in(self.comparison, key) for key in (row.defence, row.task))
            clauses.append(f"{names}: {points_text(row)} points {interval_text(row)}")
        return "; ".join(clauses) + "."

    def figures(self) -> Figures:
        """One row per difference."""
        rows: list[list[object]] = [["task", "attack", "system", "difference", "low", "high", "p", "holm", "paired"]]
        return [
            *rows,
            *([r.task, r.attack, r.defence, r.difference, r.low, r.high, r.p, r.holm, r.paired] for r in self.rows),
        ]

    def _intervals(self, defence: str, lanes: list[tuple[float, Difference]]) -> None:
        colour = self.colour_of(defence)
        ends = [x for _, row in lanes for x in (row.low, row.high)]
        self.add_line(ends, [y for y, _ in lanes for _ in range(2)], self.whisker(colour), pairs=True)
        for filled in (False, True):
            points = [(row.difference, y) for y, row in lanes if row.stands_out is filled]
            told = [row for _, row in lanes if row.stands_out is filled]
            hints = [difference_sentence(self.comparison, row) for row in told] if self.comparison else []
            if points:
                self.add_marks(points, "o", colour, size=9, filled=filled, hints=hints)
