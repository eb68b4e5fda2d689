"""The detector's scores on clean and on perturbed images as two densities, with a threshold that can be dragged."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.operating import Operating, counted
from zepad_app.theme import Theme
from zepad_app.widgets.draggable_plot import DraggablePlot
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.legend_row import Key
from zepad_app.widgets.stroke import Stroke
from zepad_engine.findings import Levels

PLOT_HEIGHT: Final = 264
_BINS: Final = 48


class ScorePlot(DraggablePlot):
    """Scores to the right, images up; what lies right of the threshold is flagged."""

    def __init__(
        self, theme: Theme, task: str, levels: Levels, point: Operating, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, f"Detector scores on {task}", parent)
        self._levels = levels
        self._point = point
        self._moving: dict[str, Any] = {}
        self.setFixedHeight(PLOT_HEIGHT)
        self.redraw()

    def show_point(self, point: Operating) -> None:
        """Move the threshold."""
        self._point = point
        self._place()
        self.setAccessibleDescription(self.summary())

    def draw(self) -> None:
        """Both densities, then the threshold."""
        edges, clean, perturbed = self.densities()
        top = float(max(clean.max(), perturbed.max()))
        self.plot.show_range("bottom", edges[0], edges[-1], padding=0.02)
        self.plot.show_range("left", 0, 1.18 * top, padding=0)
        self.plot.axis("left").setStyle(showValues=False)
        self.plot.axis("left").setWidth(1)
        self.plot.axis("bottom").setLabel("detection score", color=self.soft().name())
        self.plot.axis("bottom").label.setFont(self.theme.font("caption"))
        zone = QColor(self.theme.colour("adversarial"))
        zone.setAlpha(22)
        self._moving["zone"] = pg.LinearRegionItem((0, 1), movable=False, brush=zone, pen=QPen(Qt.PenStyle.NoPen))
        self.plot.add(self._moving["zone"], ignore_bounds=True)
        for heights, pen in ((clean, self._clean_pen()), (perturbed, self._perturbed_pen())):
            ground = QColor(pen.color())
            ground.setAlpha(36)
            item = Stroke(edges, heights, stepMode="center", pen=pen, brush=ground, fillLevel=0)
            self.plot.add(item)
        line = QPen(QColor(self.theme.tokens.ink), 2)
        line.setCosmetic(True)
        self._moving["line"] = Stroke(pen=line)
        self._moving["word"] = pg.TextItem(color=QColor(self.theme.tokens.ink))
        self._moving["word"].setFont(self.theme.font("caption"))
        for name in ("line", "word"):
            self.plot.add(self._moving[name], ignore_bounds=True)
        self._top = 1.18 * top
        self._place()

    def densities(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Edges (49,) of equal bins, and in each the share of clean and of perturbed images.

        Interpolated between the stored thresholds, where the counts are exact.
        """
        levels = self._levels
        edges = np.linspace(levels.thresholds[0], levels.thresholds[-1], _BINS + 1)
        shares = [
            -np.diff(np.interp(edges, levels.thresholds, above)) / max(1, n)
            for above, n in ((levels.clean_above, levels.clean_n), (levels.perturbed_above, levels.perturbed_n))
        ]
        return edges, shares[0], shares[1]

    def summary(self) -> str:
        """Where the threshold lies and what it does."""
        point = self._point
        return (
            f"Threshold {point.threshold:.2f}: {100 * point.alarms.value:.1f} % of clean and "
            f"{100 * point.caught.value:.1f} % of perturbed images score above it. {counted(point)}"
        )

    def figures(self) -> Figures:
        """The counts at every stored threshold."""
        levels = self._levels
        rows = zip(levels.thresholds, levels.clean_above, levels.perturbed_above, strict=True)
        head = ["threshold", f"clean_above_of_{levels.clean_n}", f"perturbed_above_of_{levels.perturbed_n}"]
        return [head, *(list(row) for row in rows)]

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        return (
            Key(text="Clean images", pen=self._clean_pen),
            Key(text="Perturbed images", pen=self._perturbed_pen),
            Key(text="Threshold: drag it, or use the arrow keys", pen=lambda: QPen(QColor(self.theme.tokens.ink), 2)),
        )

    def _place(self) -> None:
        threshold, end = self._point.threshold, self._levels.thresholds[-1]
        self._moving["zone"].setRegion((threshold, end + abs(end)))
        self._moving["line"].setData([threshold, threshold], [0, self._top])
        right = threshold > (self._levels.thresholds[0] + end) / 2
        word = self._moving["word"]
        word.setText(f"threshold {threshold:.2f}" + ("" if right else ", flagged from here"))
        word.setAnchor((1.0, 0.0) if right else (0.0, 0.0))
        word.setPos(threshold, self._top)

    def _clean_pen(self) -> QPen:
        pen = QPen(QColor(self.theme.tokens.ink_soft), 1.6)
        pen.setCosmetic(True)
        return pen

    def _perturbed_pen(self) -> QPen:
        return self.theme.pen("adversarial", 1.6)
