"""Accuracy of the undefended encoder and of ZePAD on each task, clean and attacked, joined by a bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.contrasts import Contrast
from zepad_app.results.wording import defence_name, percent, rate_hint
from zepad_app.theme import Theme
from zepad_app.tokens import Meaning
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_app.widgets.legend_row import Key
from zepad_engine.evidence import Rate

CONTROL_MARKS = {"clean_ensemble": "o", "random_encoder": "+"}
_ENDS: Final[tuple[tuple[Meaning, int], ...]] = (("undefended", 12), ("fused", 15))
_LANE = 28


class DumbbellPlot(FigurePlot):
    """Two lanes per task; whiskers are 95 % intervals, small marks the two control rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Accuracy per task, undefended and ZePAD", parent)
        self._rows: tuple[tuple[str, Contrast], ...] = ()
        self._attack = ""

    def show_contrasts(self, rows: Sequence[tuple[str, Contrast]], attack: str) -> None:
        """Draw (task name, contrast) pairs under an attack of that name."""
        self._rows = tuple(rows)
        self._attack = attack
        self.setFixedHeight(_LANE * (len(self._rows) + len(self._rows) // 4) + 56)
        self.redraw()

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot."""
        theme = self.theme
        return (
            Key(text="Undefended", pen=lambda: theme.pen("undefended"), symbol=theme.marker("undefended")),
            Key(text="ZePAD", pen=lambda: theme.pen("fused"), symbol=theme.marker("fused")),
            *(
                Key(text=defence_name(key), pen=lambda: QPen(self.soft()), symbol=mark, filled=False)
                for key, mark in CONTROL_MARKS.items()
            ),
            Key(text="clean", pen=lambda: self._bar(attacked=False)),
            Key(text="attacked", pen=lambda: self._bar(attacked=True)),
            Key(text="95 % interval", pen=lambda: self._whisker(QColor(theme.tokens.ink))),
        )

    def draw(self) -> None:
        """One dumbbell per row, tasks apart from each other."""
        places = [self._place(row) for row in range(len(self._rows))]
        low = min((self._lowest(contrast) for _, contrast in self._rows), default=0.0)
        floor = max(0.0, int(low * 10) / 10)
        self.plot.show_range("bottom", floor, 1.0 + 0.1 * (1 - floor), padding=0.03)
        self.plot.show_range("left", min(places, default=-1) - 0.6, 0.9, padding=0)
        self.set_percent_ticks("bottom", floor, 1.0, 0.1 if floor >= 0.3 else 0.2)
        self._grid(floor)
        self.set_ticks("left", [(y, self._lane_name(row)) for row, y in enumerate(places)])
        for (_, contrast), y in zip(self._rows, places, strict=True):
            self._dumbbell(contrast, y)
        self._controls(places)
        self._ends(places)
        self._gains(places)

    def summary(self) -> str:
        """Each task in a clause."""
        clauses = [
            f"{name} {'under ' + self._attack if row.attacked else 'clean'}: undefended "
            f"{percent(row.undefended.value)}, ZePAD {percent(row.zepad.value)}"
            for name, row in self._rows
        ]
        return "; ".join(clauses) + "." if clauses else "Nothing measured yet."

    def figures(self) -> Figures:
        """One row per marker."""
        rows: list[list[object]] = [["task", "images", "defence", "accuracy", "low", "high", "n"]]
        for name, contrast in self._rows:
            rates = {"undefended": contrast.undefended, "zepad": contrast.zepad, **contrast.controls}
            images = self._attack if contrast.attacked else "clean"
            rows += [[name, images, key, rate.value, rate.low, rate.high, rate.n] for key, rate in rates.items()]
        return rows

    def _place(self, row: int) -> float:
        return -(row + row // 2 * 0.5)

    def _lane_name(self, row: int) -> str:
        name, contrast = self._rows[row]
        return "attacked" if contrast.attacked else f"{name}    clean"

    def _lowest(self, contrast: Contrast) -> float:
        return min(contrast.undefended.low, contrast.zepad.low, *(rate.low for rate in contrast.controls.values()))

    def _grid(self, floor: float) -> None:
        bottom = min(self._place(len(self._rows) - 1) - 0.6, -0.6)
        marks = [n / 10 for n in range(round(floor * 10), 11)]
        xs = [x for mark in marks for x in (mark, mark)]
        self.add_line(xs, [bottom, 0.9] * len(marks), self.hairline(), pairs=True)

    def _dumbbell(self, contrast: Contrast, y: float) -> None:
        first, last = contrast.undefended, contrast.zepad
        self.add_line([first.value, last.value], [y, y], self._bar(attacked=contrast.attacked))
        grey, ink = self.theme.colour("undefended"), self.theme.colour("fused")
        for rate, colour, lift in ((first, grey, 0.16), (last, ink, -0.16)):
            self.add_line([rate.low, rate.high], [y + lift, y + lift], self._whisker(colour), pairs=True)

    def _ends(self, places: Sequence[float]) -> None:
        for meaning, size in _ENDS:
            rates = [c.undefended if meaning == "undefended" else c.zepad for _, c in self._rows]
            name = "Undefended" if meaning == "undefended" else "ZePAD"
            points = [(rate.value, y) for rate, y in zip(rates, places, strict=True)]
            hints = [self._hint(name, rate) for rate in rates]
            self.add_marks(points, self.theme.marker(meaning), self.theme.colour(meaning), size=size, hints=hints)

    def _controls(self, places: Sequence[float]) -> None:
        for key, mark in CONTROL_MARKS.items():
            found = [(c.controls[key], y) for (_, c), y in zip(self._rows, places, strict=True) if key in c.controls]
            if found:
                points = [(rate.value, y) for rate, y in found]
                hints = [self._hint(defence_name(key), rate) for rate, _ in found]
                self.add_marks(points, mark, self.soft(), size=8, filled=False, hints=hints)

    def _gains(self, places: Sequence[float]) -> None:
        self.add_text("points", 1.002, 0.72, self.soft())
        for (_, contrast), y in zip(self._rows, places, strict=True):
            text = f"{100 * contrast.gain:+.1f}".replace("-", "−")
            self.add_text(text, 1.002, y, QColor(self.theme.tokens.ink if contrast.attacked else self.soft()))

    def _bar(self, *, attacked: bool) -> QPen:
        pen = self.theme.pen("adversarial", 2.6) if attacked else QPen(self.soft(), 2.2)
        pen.setCosmetic(True)
        return pen

    def _whisker(self, colour: QColor) -> QPen:
        pen = QPen(colour, 1.2)
        pen.setCosmetic(True)
        return pen

    def _hint(self, name: str, rate: Rate) -> str:
        return f"{name}: {rate_hint(rate)}"
