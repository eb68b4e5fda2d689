"""A rate as one setting changes: per system a line and its band of 95 % intervals, and what a constant answer gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.sweep_groups import SweepGroup
from zepad_app.results.wording import attack_name, defence_name, percent, rate_hint, task_name
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.legend_row import Key
from zepad_engine.evidence import Sweep
from zepad_engine.findings import AuditReport

_HEIGHT: Final = 236
_DASHES: Final = (Qt.PenStyle.DashLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotDotLine)
_SYMBOLS: Final = ("o", "s", "t1", "p")
# Fewer pixels between two ticks than this and their numbers would touch.
_TICK_ROOM: Final = 0.055


class SweepPlot(FigurePlot):
    """One SweepGroup, drawn."""

    def __init__(self, theme: Theme, report: AuditReport, group: SweepGroup, parent: QWidget | None = None) -> None:
        super().__init__(theme, f"{group.title} on {task_name(report, group.task)}", parent)
        self._report = report
        self._group = group
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(280)
        self.redraw()

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        found = [
            Key(text=self._name(sweep), pen=self._maker(number), symbol=self._symbol(number))
            for number, sweep in enumerate(self._group.sweeps)
        ]
        if self._group.floor is not None:
            floor = self._group.floor
            found.append(Key(text=floor.name, pen=self._floor_pen, hint=floor.hint))
        return tuple(found)

    def draw(self) -> None:
        """Grid, floor, bands, then the lines with their points."""
        group = self._group
        places = [group.place(setting) for setting in group.settings]
        self.plot.show_range("bottom", min(places), max(places), padding=0.06)
        self.plot.show_range("left", 0, 1, padding=0.04)
        self.set_percent_ticks("left", 0, 1, 0.25)
        self._ticks()
        low, high = min(places), max(places)
        self.add_line([low, high] * 5, [n / 4 for n in range(5) for _ in range(2)], self.hairline(), pairs=True)
        if group.floor is not None:
            self.add_line([low, high], [group.floor.share, group.floor.share], self._floor_pen())
        for number, sweep in enumerate(group.sweeps):
            self._band(number, sweep)
        for number, sweep in enumerate(group.sweeps):
            self._line(number, sweep)

    def summary(self) -> str:
        """First and last point of each line."""
        told = []
        for sweep in self._group.sweeps:
            (first, start), (last, end) = sweep.points[0], sweep.points[-1]
            ends = f"{percent(start.value)} at {first:g}, {percent(end.value)} at {last:g}"
            told.append(f"{self._name(sweep)}: {ends}, n {end.n:,}")
        return f"{self._group.title}, {self._group.axis}. " + "; ".join(told) + "."

    def figures(self) -> Figures:
        """A row per point."""
        rows: list[list[object]] = [
            ["task", "defence", "attack", "rate", self._group.quantity, "value", "low", "high", "n"]
        ]
        for sweep in self._group.sweeps:
            head = [sweep.task, sweep.defence, sweep.attack, sweep.rate]
            rows += [[*head, setting, rate.value, rate.low, rate.high, rate.n] for setting, rate in sweep.points]
        return rows

    def _ticks(self) -> None:
        group = self._group
        span = (group.place(group.settings[-1]) - group.place(group.settings[0])) or 1.0
        ticks: list[tuple[float, str]] = []
        for setting in group.settings:
            place = group.place(setting)
            if not ticks or (place - ticks[-1][0]) / span >= _TICK_ROOM * self.theme.scale:
                ticks.append((place, f"{setting:g}"))
        self.set_ticks("bottom", ticks)
        self.plot.axis("bottom").setLabel(group.axis, color=self.soft().name())
        self.plot.axis("bottom").label.setFont(self.theme.font("caption"))

    def _band(self, number: int, sweep: Sweep) -> None:
        xs = [self._group.place(setting) for setting, _ in sweep.points]
        colour = QColor(self._pen(number).color())
        colour.setAlpha(34)
        none = QPen(Qt.PenStyle.NoPen)
        edges = [
            pg.PlotCurveItem(xs, [getattr(rate, side) for _, rate in sweep.points], pen=none)
            for side in ("low", "high")
        ]
        self.plot.add(pg.FillBetweenItem(*edges, brush=colour))

    def _line(self, number: int, sweep: Sweep) -> None:
        points = [(self._group.place(setting), rate.value) for setting, rate in sweep.points]
        self.add_line([x for x, _ in points], [y for _, y in points], self._pen(number))
        hints = [f"{self._name(sweep)}, at {setting:g}: {rate_hint(rate)}" for setting, rate in sweep.points]
        self.add_marks(points, self._symbol(number), self._pen(number).color(), size=8, hints=hints)

    def _name(self, sweep: Sweep) -> str:
        if len({each.rate for each in self._group.sweeps}) > 1:
            what = sweep.rate[:1].upper() + sweep.rate[1:]
            return what if sweep.attack in ("", "none") else f"{what}, {attack_name(self._report, sweep.attack)}"
        return f"{defence_name(sweep.defence, self._report)}, {attack_name(self._report, sweep.attack)}"

    def _maker(self, number: int) -> Callable[[], QPen]:
        return lambda: self._pen(number)

    def _pen(self, number: int) -> QPen:
        sweep = self._group.sweeps[number]
        several = len({each.rate for each in self._group.sweeps}) > 1
        if several:
            return self._clean_pen() if sweep.attack in ("", "none") else self.theme.pen("adversarial")
        if sweep.defence in ("undefended", "zepad"):
            return self.theme.pen("undefended" if sweep.defence == "undefended" else "fused")
        others = [each.defence for each in self._group.sweeps if each.defence not in ("undefended", "zepad")]
        pen = QPen(QColor(self.theme.tokens.ink_soft), 1.6, _DASHES[others.index(sweep.defence) % len(_DASHES)])
        pen.setCosmetic(True)
        return pen

    def _symbol(self, number: int) -> str:
        sweep = self._group.sweeps[number]
        if len({each.rate for each in self._group.sweeps}) > 1:
            return "o" if sweep.attack in ("", "none") else self.theme.marker("adversarial")
        if sweep.defence in ("undefended", "zepad"):
            return self.theme.marker("undefended" if sweep.defence == "undefended" else "fused")
        return _SYMBOLS[number % len(_SYMBOLS)]

    def _clean_pen(self) -> QPen:
        pen = QPen(QColor(self.theme.tokens.ink_soft), 1.8)
        pen.setCosmetic(True)
        return pen

    def _floor_pen(self) -> QPen:
        pen = QPen(QColor(self.theme.tokens.ink_soft), 1.2, Qt.PenStyle.DotLine)
        pen.setCosmetic(True)
        return pen
