"""Small multiples: one plot per series, two beside each other where there is room: scales never share an axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
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
        self._placed = (0, 0)
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
            self._plots[key] = self._open(key, name)
            self._place()
        self._plots[key].grow()

    def clear(self) -> None:
        """Close all plots."""
        for plot in self._plots.values():
            self._grid.removeWidget(plot)
            plot.deleteLater()
        self._plots = {}

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest plot."""
        return QSize(self._widest(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the plots anew where another number of them has room side by side."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        columns = _COLUMNS if self.width() >= _COLUMNS * (self._widest() + BETWEEN) - BETWEEN else 1
        if (columns, len(self._plots)) == self._placed:
            return
        self._placed = (columns, len(self._plots))
        for place, plot in enumerate(self._plots.values()):
            self._grid.addWidget(plot, place // columns, place % columns)

    def _widest(self) -> int:
        return max((plot.minimumSizeHint().width() for plot in self._plots.values()), default=0)

    def _open(self, key: str, name: str) -> CurvePlot:
        plot = CurvePlot(self._theme, name, "step", percent=key.endswith("rate"))
        plot.setFixedHeight(_HEIGHT)
        plot.follow(self._points)
        plot.show_series((Series(key=key, name="latest", meaning=self._meaning),))
        return plot
