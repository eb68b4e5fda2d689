"""Curves over the epochs of one tuning: losses, or validation accuracies, with the selected epoch marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.wording import branch_meaning, percent
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.legend_row import Key
from zepad_engine.trained import TuningFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One column of the epoch rows: how it is called, dashed and marked."""

    field: str
    name: str
    style: Qt.PenStyle
    symbol: str


LOSSES: Final = (
    Curve(field="total", name="Total", style=Qt.PenStyle.SolidLine, symbol="o"),
    Curve(field="cross_entropy", name="Cross-entropy", style=Qt.PenStyle.DashLine, symbol="t1"),
    Curve(field="regularisation", name="Genetic regularisation", style=Qt.PenStyle.DotLine, symbol="s"),
)
ACCURACIES: Final = (
    Curve(field="clean_accuracy", name="Clean", style=Qt.PenStyle.SolidLine, symbol="o"),
    Curve(field="pgd_accuracy", name="Under PGD", style=Qt.PenStyle.DotLine, symbol="x"),
)
# Of a purifier, which has neither labels nor accuracy.
PURIFIER_LOSSES: Final = (
    Curve(field="total", name="Total", style=Qt.PenStyle.SolidLine, symbol="o"),
    Curve(field="feature_loss", name="Features", style=Qt.PenStyle.DashLine, symbol="t1"),
    Curve(field="pixel_loss", name="Pixels", style=Qt.PenStyle.DotLine, symbol="s"),
)
DISTANCES: Final = (
    Curve(field="feature_distance", name="Distorted images, purified", style=Qt.PenStyle.SolidLine, symbol="o"),
)


class EpochPlot(FigurePlot):
    """In the colour of the branch; ``share`` says the values as percent from 0 on."""

    def __init__(
        self,
        theme: Theme,
        found: TuningFinding,
        title: str,
        curves: Sequence[Curve],
        *,
        share: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, title, parent)
        self._found = found
        # A branch that never saw PGD has no such accuracy: the curve is left out, not drawn at zero.
        self._curves = tuple(c for c in curves if any(getattr(row, c.field) is not None for row in found.rows))
        self._share = share
        self.setFixedHeight(180)
        self.setMinimumWidth(260)
        self.redraw()

    def draw(self) -> None:
        """The curves, and a hairline at the epoch that was kept."""
        epochs = [float(row.epoch) for row in self._found.rows]
        if not epochs:
            return
        values = [value for curve in self._curves for _, value in self._points(curve)]
        top = max(values) * 1.1 or 1.0
        self.plot.show_range("bottom", min(epochs), max(epochs), padding=0.05)
        self.plot.show_range("left", 0, 1.16 * top, padding=0.03)
        self._ticks(epochs, top)
        self._selected(top)
        for curve in self._curves:
            points = self._points(curve)
            self.add_line([x for x, _ in points], [y for _, y in points], self._pen(curve))
            hints = [f"Epoch {x:.0f}, {curve.name.lower()}: {self._say(y)}" for x, y in points]
            self.add_marks(points, curve.symbol, self._colour(), size=6, filled=curve.symbol != "s", hints=hints)

    def summary(self) -> str:
        """First and last value of each curve."""
        if not self._found.rows:
            return "No epochs stored."
        ends = [
            f"{curve.name} from {self._say(self._points(curve)[0][1])} to {self._say(self._points(curve)[-1][1])}"
            for curve in self._curves
        ]
        return f"{'; '.join(ends)}; epoch {self._found.selected_epoch} was kept."

    def figures(self) -> Figures:
        """A row per epoch."""
        head = ["epoch", *(curve.field for curve in self._curves)]
        return [head, *([row.epoch, *(getattr(row, c.field) for c in self._curves)] for row in self._found.rows)]

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        return tuple(Key(text=curve.name, pen=self._pen_of(curve)) for curve in self._curves)

    def _pen_of(self, curve: Curve) -> Callable[[], QPen]:
        return lambda: self._pen(curve)

    def _ticks(self, epochs: Sequence[float], top: float) -> None:
        step = max(1, round(len(epochs) / 6))
        names = [f"{epoch:.0f}" for epoch in epochs]
        names[0] = f"epoch {names[0]}"
        self.set_ticks("bottom", list(zip(epochs, names, strict=True))[::step])
        if self._share:
            self.set_percent_ticks("left", 0, top, 0.1 if top <= 0.5 else 0.2)
        else:
            self.set_ticks("left", [(top * part, f"{top * part:.2g}") for part in (0.0, 0.3, 0.6, 0.9)])

    def _selected(self, top: float) -> None:
        kept = float(self._found.selected_epoch)
        self.add_line([kept, kept], [0, top], QPen(self.hairline()))
        self.add_text("kept", kept, 1.16 * top, self.soft(), anchor=(0.5, 0))

    def _points(self, curve: Curve) -> list[tuple[float, float]]:
        values = [(row.epoch, getattr(row, curve.field)) for row in self._found.rows]
        return [(float(epoch), float(value)) for epoch, value in values if value is not None]

    def _say(self, value: float) -> str:
        return f"{percent(value)} of {self._found.validation_n:,} validation images" if self._share else f"{value:.3f}"

    def _colour(self) -> QColor:
        return self.theme.colour(branch_meaning(self._found.branch))

    def _pen(self, curve: Curve) -> QPen:
        pen = QPen(self._colour(), 1.8, curve.style)
        pen.setCosmetic(True)
        return pen
