"""ZePAD and its parts as bars: hollow for clean images, filled under attack, with 95 % intervals."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.ablation import Part
from zepad_app.results.wording import rate_hint, rate_text
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.legend_row import Key
from zepad_engine.evidence import Pair, Rate

_LANE: Final = 36
_HOLLOW, _FILLED = 0.56, 0.34


class AblationPlot(FigurePlot):
    """A bar per system; where one task is looked at, ZePAD's paired difference stands at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "ZePAD and its parts", parent)
        self._parts: tuple[Part, ...] = ()

    def show_parts(self, parts: tuple[Part, ...]) -> None:
        """Draw other systems."""
        self._parts = parts
        self.setFixedHeight(_LANE * len(parts) + 64)
        self.redraw()

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        soft = self.soft
        return (
            Key(text="under attack", pen=lambda: QPen(soft()), symbol="s"),
            Key(text="clean", pen=lambda: QPen(soft()), symbol="s", filled=False),
            Key(text="95 % interval", pen=self._whisker_pen),
        )

    def draw(self) -> None:
        """Bars from the top down."""
        tested = any(part.against for part in self._parts)
        self.plot.show_range("bottom", 0, 1.56 if tested else 1.2, padding=0.01)
        self.plot.show_range("left", -len(self._parts) + 0.3, 0.9, padding=0)
        self.set_percent_ticks("bottom", 0, 1, 0.2)
        marks = [n / 5 for n in range(6) for _ in range(2)]
        self.add_line(marks, [-len(self._parts) + 0.3, 0.6] * 6, self.hairline(), pairs=True)
        self.set_ticks("left", [(-row, part.name) for row, part in enumerate(self._parts)])
        for row, part in enumerate(self._parts):
            self._bars(part, -float(row))
        self._heads()

    def summary(self) -> str:
        """Each system in a clause."""
        clauses = [
            f"{part.name}: {rate_text(part.clean)} clean, {rate_text(part.robust)} under attack" for part in self._parts
        ]
        return "; ".join(clauses) + "." if clauses else "Nothing measured."

    def figures(self) -> Figures:
        """A row per system and condition."""
        rows: list[list[object]] = [["defence", "images", "accuracy", "low", "high", "n", "zepad_minus_this", "p"]]
        for part in self._parts:
            for images, rate in (("clean", part.clean), ("attacked", part.robust)):
                if rate is not None:
                    pair = part.against if images == "attacked" else None
                    tested = [pair.difference, pair.p] if pair else ["", ""]
                    rows.append([part.defence, images, rate.value, rate.low, rate.high, rate.n, *tested])
        return rows

    def _bars(self, part: Part, y: float) -> None:
        colour = self._colour(part.defence)
        if part.clean is not None:
            outline = QPen(colour, 1.2)
            outline.setCosmetic(True)
            self._bar(part.clean, y, _HOLLOW, QColor(self.theme.tokens.surface))
            self._outline(part.clean, y, outline)
            self._whisker(part.clean, y + 0.36)
        if part.robust is not None:
            self._bar(part.robust, y, _FILLED, colour)
            self._whisker(part.robust, y - 0.36)
            hint = f"{part.name}, under attack: {rate_hint(part.robust)}\nclean: {rate_hint(part.clean)}"
            # Unseen, for its hint: a bar has none.
            self.add_marks([(part.robust.value, y)], "s", QColor(0, 0, 0, 0), size=16, hints=[hint])
            self.add_text(rate_text(part.robust), 1.04, y, QColor(self.theme.tokens.ink))
        if part.against is not None:
            self.add_text(difference_text(part.against), 1.24, y, self.soft())

    def _bar(self, rate: Rate, y: float, height: float, brush: QColor) -> None:
        none = QPen(Qt.PenStyle.NoPen)
        self.plot.add(pg.BarGraphItem(x0=0, y=y, width=rate.value, height=height, pen=none, brush=brush))

    def _outline(self, rate: Rate, y: float, pen: QPen) -> None:
        low, high = y - _HOLLOW / 2, y + _HOLLOW / 2
        self.add_line([0, rate.value, rate.value, 0, 0], [low, low, high, high, low], pen)

    def _whisker(self, rate: Rate, y: float) -> None:
        self.add_line([rate.low, rate.high], [y, y], self._whisker_pen(), pairs=True)

    def _whisker_pen(self) -> QPen:
        pen = QPen(QColor(self.theme.tokens.ink), 1.2)
        pen.setCosmetic(True)
        return pen

    def _heads(self) -> None:
        if not self._parts:
            return
        self.add_text("under attack", 1.04, 0.72, self.soft())
        if any(part.against for part in self._parts):
            self.add_text("ZePAD minus this, points", 1.24, 0.72, self.soft())

    def _colour(self, defence: str) -> QColor:
        if defence.partition("-")[0] == "zepad":
            return self.theme.colour("fused")
        if defence == "undefended":
            return self.theme.colour("undefended")
        return self.soft()


def difference_text(pair: Pair) -> str:
    """``+1.2 [−0.3, 2.7], p = 0.12``: a paired difference in points."""
    told = f"{100 * pair.difference:+.1f} [{100 * pair.low:.1f}, {100 * pair.high:.1f}]".replace("-", "\N{MINUS SIGN}")
    p = "p < 0.001" if pair.p < 0.001 else f"p = {pair.p:.2g}"
    return f"{told}, {p}"
