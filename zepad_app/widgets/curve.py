"""One series of a plot: a raw line that is always there, a smoothed one, and a few markers that tell it apart in grey.

A thick or dashed line through thousands of crossing points takes seconds to stroke, so a dense raw line is thin and
solid, and its meaning's dash and marker stand on the smoothed line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QPen

from zepad_app.theme import Theme
from zepad_app.tokens import Meaning
from zepad_app.widgets.curve_store import CurveStore, Floats
from zepad_app.widgets.plot_area import PlotArea
from zepad_app.widgets.stroke import Stroke

_DENSE: Final = 60
_SMOOTH_POINTS: Final = 300
_MARKS: Final = 12
# A plot is seldom wider; more buckets than pixels would only be drawn over each other.
_COLUMNS: Final = 800
_FAINT: Final = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """How a curve is drawn; ``second`` marks the companion of a meaning's first curve: thinner, hollow."""

    key: str
    name: str
    meaning: Meaning
    second: bool = False


def pen_of(theme: Theme, series: Series) -> QPen:
    """The pen of a series' line."""
    return theme.pen(series.meaning, 1.2 if series.second else 2.0)


class Curve:
    """The lines and markers of a series on a plot; they are made once there is a point to draw."""

    def __init__(self, plot: PlotArea, series: Series) -> None:
        self.series = series
        self.store = CurveStore()
        self._plot = plot
        self._items: tuple[Any, ...] = ()

    @property
    def raw(self) -> Any:  # noqa: ANN401 - pyqtgraph is untyped
        """The line through every point."""
        return self._made()[0]

    @property
    def smooth(self) -> Any:  # noqa: ANN401 - pyqtgraph is untyped
        """The moving mean."""
        return self._made()[1]

    @property
    def marks(self) -> Any:  # noqa: ANN401 - pyqtgraph is untyped
        """The markers."""
        return self._made()[2]

    def remove(self) -> None:
        """Take all of it off the plot."""
        for item in self._items:
            self._plot.remove(item)
        self._items = ()

    def _made(self) -> tuple[Any, ...]:
        if not self._items:
            self._items = (Stroke(), Stroke(antialias=True), pg.ScatterPlotItem())
            for item in self._items:
                self._plot.add(item)
        return self._items

    def key_pen(self, theme: Theme, *, smoothing: float) -> QPen:
        """The pen of the line one sees: a dense raw line is thin and solid, all others have their meaning's dash."""
        if smoothing > 0 or not self._dense:
            return pen_of(theme, self.series)
        return QPen(theme.colour(self.series.meaning), 1)

    @property
    def _dense(self) -> bool:
        return len(self.store) > _DENSE

    def draw(self, theme: Theme, *, smoothing: float) -> None:
        """Give the items their points, pens and brushes; ``smoothing`` is the share of points of a moving mean."""
        if not len(self.store):
            self.remove()
            return
        dense = self._dense
        smooth = smoothing > 0 and dense
        self._draw_raw(theme, dense=dense, behind=smooth)
        self.smooth.setVisible(smooth)
        places = _marked(len(self.store)) if dense else np.arange(len(self.store))
        values = self.store.values[places]
        if smooth:
            few = _spread(len(self.store), _SMOOTH_POINTS)
            means = self.store.smoothed(few, smoothing)
            self.smooth.setData(self.store.steps[few], means, pen=pen_of(theme, self.series))
            values = self.store.smoothed(places, smoothing)
        self._draw_marks(theme, self.store.steps[places], values)

    def _draw_marks(self, theme: Theme, steps: Floats, values: Floats) -> None:
        fill = theme.tokens.surface if self.series.second else theme.tokens.of(self.series.meaning)
        self.marks.setData(
            steps,
            values,
            symbol=theme.marker(self.series.meaning),
            size=7,
            pen=QPen(theme.colour(self.series.meaning), 0),
            brush=QColor(fill),
        )

    def _draw_raw(self, theme: Theme, *, dense: bool, behind: bool) -> None:
        pen, few = pen_of(theme, self.series), len(self.store) <= _COLUMNS
        if dense:
            # Width 0 is one pixel of any screen: what thousands of points can be joined with in time.
            pen = QPen(theme.colour(self.series.meaning), 1 if few else 0)
            pen.setCosmetic(True)
        if behind:
            # Mixed with the ground rather than translucent: blending each segment would cost the speed again.
            pen.setColor(_mixed(pen.color(), QColor(theme.tokens.surface)))
        self.raw.setSegmentedLineMode("on" if dense else "off")
        steps, values = self.store.envelope(_COLUMNS)
        # A line that fills its band anyway gains nothing from soft edges, and they cost most of a redraw.
        self.raw.setData(steps, values, pen=pen, antialias=few)


def _spread(count: int, most: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _marked(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    # A stride of a power of two keeps the markers where they are while the curve grows.
    stride = 2 ** math.ceil(math.log2(count / _MARKS))
    return np.arange(stride // 2, count, stride, dtype=np.int64)


def _mixed(colour: QColor, ground: QColor) -> QColor:
    parts = zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(_FAINT * front + (1 - _FAINT) * back) for front, back in parts))
