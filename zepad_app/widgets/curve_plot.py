"""A live plot of curves that grow: redrawn at most 10 times a second, and able to say itself in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QKeySequence, QPainter, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QGraphicsItem, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.curve import Curve, Series
from zepad_app.widgets.figure_menu import Figures, copy_figures, figure_menu
from zepad_app.widgets.legend_row import Key, LegendRow
from zepad_app.widgets.plot_area import PlotArea

# A redraw takes 6 ms on an idle machine and twice that beside busy workers.
REDRAW_MS: Final = 100
# Share of the steps so far that is kept free for the next ones.
_ROOM: Final = 0.02
# How strong the lines across are, of 255.
_GRID_LIGHT, _GRID_DARK = 127, 63


class CurvePlot(QFrame):
    """A card with a title, a legend and the curves."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        x_name: str,
        *,
        percent: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = title
        self._percent = percent
        self._x_name = x_name
        self._curves: dict[str, Curve] = {}
        self._steps = (0.0, 0.0)
        self._points: Callable[[], Mapping[str, Sequence[tuple[float, float]]]] = dict
        self.setProperty("surface", "card")
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.plot = PlotArea()
        self._dress_plot()
        self._legend = LegendRow(theme)
        self._nothing = label("Nothing measured yet", "caption", soft=True)
        self._smoothing = 0.0
        self.head = QHBoxLayout()
        self._arrange()
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        self._faded = False
        theme.changed.connect(self._on_look)
        self._dress()

    @property
    def title(self) -> str:
        """The heading."""
        return self._title

    @property
    def series(self) -> tuple[Series, ...]:
        """The series drawn."""
        return tuple(curve.series for curve in self._curves.values())

    def draws(self, keys: Sequence[str]) -> bool:
        """Whether one of these series is drawn here."""
        return not self._curves.keys().isdisjoint(keys)

    def follow(self, points: Callable[[], Mapping[str, Sequence[tuple[float, float]]]]) -> None:
        """Read the curves from here at each redraw."""
        self._points = points

    def show_series(self, series: tuple[Series, ...]) -> None:
        """Draw these series and no others."""
        for curve in self._curves.values():
            curve.remove()
        self._curves = {item.key: Curve(self.plot, item) for item in series}
        self.redraw()

    def smooth(self, share: float) -> None:
        """Lay a moving mean over this share (0 to 1) of the points before the raw lines; 0 shows these alone."""
        self._smoothing = share
        self.redraw()

    def grow(self) -> None:
        """There may be new points: redraw soon, but not more than 10 times a second."""
        if not self._timer.isActive():
            self._timer.start()

    def redraw(self) -> None:
        """Draw now."""
        points = self._points()
        for key, curve in self._curves.items():
            curve.store.follow(points.get(key, ()))
            curve.draw(self._theme, smoothing=self._smoothing)
        drawn = any(len(curve.store) for curve in self._curves.values())
        self.plot.setVisible(drawn)
        self._nothing.setVisible(not drawn)
        self._fit_steps()
        self._tell_legend()
        self.setAccessibleDescription(self.summary())

    def _fit_steps(self) -> None:
        """Leave a little room at the right, so that the axis need not be drawn anew with every point."""
        stores = [curve.store for curve in self._curves.values() if len(curve.store)]
        if not stores:
            return
        first, last = (float(pick(store.steps[end] for store in stores)) for pick, end in ((min, 0), (max, -1)))
        low, high = self._steps
        if low != first or not last <= high <= last + _ROOM * (last - first):
            self._steps = first, last + _ROOM * (last - first)
            self.plot.show_range("bottom", *self._steps, padding=0.04)

    def summary(self) -> str:
        """The curves in words: where each stands now and where it began."""
        drawn = [curve for curve in self._curves.values() if len(curve.store)]
        if not drawn:
            return f"{self._title}: nothing measured yet."
        parts = [
            f"{curve.series.name} {self._say(curve.store.values[-1])}, from {self._say(curve.store.values[0])}"
            for curve in drawn
        ]
        return f"{self._title}: " + "; ".join(parts) + "."

    def figures(self) -> Figures:
        """Every point of every curve, in long form."""
        rows: list[list[object]] = [["curve", self._x_name, "value"]]
        for curve in self._curves.values():
            points = zip(curve.store.steps.tolist(), curve.store.values.tolist(), strict=True)
            rows += [[curve.series.name, step, value] for step, value in points]
        return rows

    def figure_size(self) -> QSize:
        """The card as it stands."""
        return self.size()

    def paint_figure(self, painter: QPainter) -> None:
        """Draw title, key and curves as vectors."""
        painter.setFont(self._theme.font("body"))
        painter.setPen(QColor(self._theme.tokens.ink))
        painter.drawText(BETWEEN, BETWEEN + 8, self._title)
        painter.save()
        painter.translate(self._legend.pos())
        self._legend.paint(painter)
        painter.restore()
        self._keep_axes(QGraphicsItem.CacheMode.NoCache)
        self.plot.render(painter, QRectF(self.plot.geometry()), self.plot.viewport().rect())
        self._keep_axes(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the picture and the figures."""
        figure_menu(self, lambda: self._theme.tokens.surface).exec(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the figures."""
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_figures(self)
        else:
            super().keyPressEvent(event)

    def _say(self, value: float) -> str:
        return f"{100 * value:.1f} %" if self._percent else f"{value:.3g}"

    def _tell_legend(self) -> None:
        keys = tuple(
            Key(
                text=f"{curve.series.name}  {self._say(curve.store.values[-1])}",
                pen=lambda curve=curve: curve.key_pen(self._theme, smoothing=self._smoothing),  # type: ignore[misc]
                symbol=self._theme.marker(curve.series.meaning),
                filled=not curve.series.second,
                lined=True,
            )
            for curve in self._curves.values()
            if len(curve.store)
        )
        self._legend.show_keys(keys)

    def _arrange(self) -> None:
        heading = label(self._title)
        heading.setProperty("strong", True)
        self.head.setSpacing(INSIDE)
        self.head.addWidget(heading)
        self.head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, INSIDE + 4, BETWEEN, INSIDE + 4)
        column.setSpacing(INSIDE)
        column.addLayout(self.head)
        column.addWidget(self._legend)
        column.addWidget(self.plot, 1)
        column.addWidget(self._nothing, 1, Qt.AlignmentFlag.AlignCenter)

    def _dress_plot(self) -> None:
        self.plot.setMinimumHeight(150)
        # A plot would like 480 px; it takes what its page has.
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.plot.viewport().setAutoFillBackground(False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.axis("left").setWidth(52)
        self._keep_axes(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        if self._percent:
            self.plot.axis("left").setScale(100)

    def _keep_axes(self, mode: QGraphicsItem.CacheMode) -> None:
        """Words take most of a redraw's time: kept as a picture, but where vectors are wanted."""
        for side in ("left", "bottom"):
            self.plot.axis(side).setCacheMode(mode)

    def showEvent(self, event: QShowEvent) -> None:
        """What was out of sight when the look changed is drawn in it before it is seen."""
        super().showEvent(event)
        if self._faded:
            self._faded = False
            self._dress()

    def _on_look(self) -> None:
        self._faded = not self.isVisible() and self.window().isVisible()
        if not self._faded:
            self._dress()

    def _dress(self) -> None:
        tokens = self._theme.tokens
        line, soft = QColor(tokens.line), QColor(tokens.ink_soft)
        for side in ("left", "bottom"):
            axis = self.plot.axis(side)
            axis.setPen(QPen(line, 0))
            axis.setTextPen(soft)
            axis.setTickFont(self._theme.font("caption"))
            axis.setStyle(tickLength=0, tickTextOffset=8)
            axis.label.setFont(self._theme.font("caption"))
        self.plot.axis("bottom").setLabel(self._x_name, color=tokens.ink_soft)
        self.plot.axis("left").setGrid(_GRID_DARK if self._theme.dark else _GRID_LIGHT)
        self.redraw()
