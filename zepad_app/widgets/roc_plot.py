"""A detector's ROC on one task: the curve, chance, the thresholds in use, and the one that is being dragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.operating import Operating
from zepad_app.results.wording import auroc_text, rate_hint
from zepad_app.theme import Theme
from zepad_app.widgets.draggable_plot import DraggablePlot
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.legend_row import Key
from zepad_engine.evidence import Rate
from zepad_engine.findings import Detection

CALIBRATED, MARGIN, CHOSEN = "o", "s", "star"
_SIZE: Final = (316, 264)


def with_ends(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The curve from (0, 0) to (1, 1), in order; stored points are kept as they are."""
    inner = sorted(points)
    start = [] if inner and inner[0] == (0.0, 0.0) else [(0.0, 0.0)]
    end = [] if inner and inner[-1] == (1.0, 1.0) else [(1.0, 1.0)]
    return [*start, *inner, *end]


class RocPlot(DraggablePlot):
    """False alarms to the right, caught images up; ``point`` is the threshold in force, where it can be moved."""

    def __init__(
        self, theme: Theme, found: Detection, task: str, point: Operating | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, f"ROC of the detector on {task}", parent)
        self._found = found
        self._task = task
        self._point = point
        self._marker = pg.ScatterPlotItem()
        self.points: list[tuple[float, float]] = with_ends(found.roc)
        self.setFixedSize(*_SIZE)
        self.redraw()

    def show_point(self, point: Operating) -> None:
        """Move the marker of the threshold in force."""
        self._point = point
        self._place()
        self.setAccessibleDescription(self.summary())

    def draw(self) -> None:
        """Diagonal below, curve, the two fixed thresholds with whiskers both ways, the one in force on top."""
        found = self._found
        self.plot.show_range("bottom", -0.05, 1.14, padding=0)
        self.plot.show_range("left", 0, 1, padding=0.05)
        for side, words in (("left", "caught"), ("bottom", "false alarms")):
            self.set_percent_ticks(side, 0, 1, 0.5)
            self.plot.axis(side).setLabel(words, color=self.soft().name())
            self.plot.axis(side).label.setFont(self.theme.font("caption"))
        # The axis has a name beside its numbers.
        self.plot.axis("left").setWidth(round(60 * self.theme.scale))
        for a in (0.0, 0.5, 1.0):
            self.add_line([a, a, 0, 1], [0, 1, a, a], self.hairline(), pairs=True)
        self.add_line([0, 1], [0, 1], self._chance())
        if found.roc:
            xs, ys = zip(*self.points, strict=True)
            self.add_line(xs, ys, self._curve())
        self._threshold(found.margin_fpr, found.margin_tpr, MARGIN, f"Paper's margin {found.margin:g}", filled=False)
        self._threshold(found.achieved_fpr, found.tpr, CALIBRATED, "Calibrated threshold", filled=True)
        self._marker = pg.ScatterPlotItem(symbol=CHOSEN, size=16, antialias=True)
        self._marker.setPen(QPen(QColor(self.theme.tokens.surface), 0))
        self._marker.setBrush(QColor(self.theme.tokens.ink))
        self.plot.add(self._marker)
        self._place()

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        return roc_keys(self.theme)

    def summary(self) -> str:
        """Area, threshold and margin in one sentence."""
        found = self._found
        return (
            f"{self._task}: {auroc_text(found.auroc)}. Calibrated threshold: {rate_hint(found.tpr)} caught, "
            f"{rate_hint(found.achieved_fpr)} falsely flagged."
        )

    def figures(self) -> Figures:
        """The points of the curve."""
        return [["false_alarms", "caught"], *self.points]

    def _place(self) -> None:
        if self._point is not None:
            self._marker.setData([self._point.alarms.value], [self._point.caught.value])

    def _threshold(self, alarms: Rate, caught: Rate, symbol: str, name: str, *, filled: bool) -> None:
        colour = self.theme.colour("adversarial") if filled else QColor(self.theme.tokens.ink)
        pen = QPen(colour, 1.2)
        pen.setCosmetic(True)
        xs = [alarms.low, alarms.high, alarms.value, alarms.value]
        self.add_line(xs, [caught.value, caught.value, caught.low, caught.high], pen, pairs=True)
        hint = f"{name}\nfalse alarms: {rate_hint(alarms)}\ncaught: {rate_hint(caught)}"
        self.add_marks([(alarms.value, caught.value)], symbol, colour, size=9, filled=filled, hints=[hint])

    def _chance(self) -> QPen:
        return self.theme.pen("undefended", 1.4)

    def _curve(self) -> QPen:
        pen = QPen(self.theme.colour("adversarial"), 2.0)
        pen.setCosmetic(True)
        return pen


def roc_keys(theme: Theme) -> tuple[Key, ...]:
    """The key of every ROC plot."""
    return (
        Key(text="Detector", pen=lambda: QPen(theme.colour("adversarial"), 2.0)),
        Key(text="Chance", pen=lambda: theme.pen("undefended", 1.4)),
        Key(text="In force", pen=lambda: QPen(QColor(theme.tokens.ink)), symbol=CHOSEN),
        Key(text="Calibrated", pen=lambda: QPen(theme.colour("adversarial")), symbol=CALIBRATED),
        Key(text="Paper's margin", pen=lambda: QPen(QColor(theme.tokens.ink)), symbol=MARGIN, filled=False),
    )
