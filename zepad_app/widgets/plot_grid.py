"""Small multiples: one plot per series, two beside each other, so that different scales never share an axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, Meaning
from zepad_app.widgets.curve import Series
from zepad_app.widgets.curve_plot import CurvePlot

_COLUMNS = 2
_HEIGHT = 260


class PlotGrid(QWidget):
    """Plots of one meaning, in the order their series appeared."""

    def __init__(
        self,
        theme: Theme,
        meaning: Meaning,
        points: Callable[[], Mapping[str, Sequence[tuple[float, float]]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._meaning: Meaning = meaning
        self._points = points
        self._plots: dict[str, CurvePlot] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(BETWEEN)

    @property
    def keys(self) -> tuple[str, ...]:
        """The series shown."""
        return tuple(self._plots)

    def plot(self, key: str) -> CurvePlot:
        """The plot of a series."""
        return self._plots[key]

    def grow(self, key: str, name: str) -> None:
        """A series has new points; the first ones open its plot."""
        if key not in self._plots:
            place = len(self._plots)
            self._plots[key] = self._open(key, name)
            self._grid.addWidget(self._plots[key], place // _COLUMNS, place % _COLUMNS)
        self._plots[key].grow()

    def clear(self) -> None:
        """Close all plots."""
        for plot in self._plots.values():
            self._grid.removeWidget(plot)
            plot.deleteLater()
        self._plots = {}

    def _open(self, key: str, name: str) -> CurvePlot:
        plot = CurvePlot(self._theme, name, "step", percent=key.endswith("rate"))
        plot.setFixedHeight(_HEIGHT)
        plot.follow(self._points)
        plot.show_series((Series(key=key, name="latest", meaning=self._meaning),))
        return plot
