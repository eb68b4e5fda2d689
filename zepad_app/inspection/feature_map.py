"""Test images and this picture on the first two principal axes of a branch's features."""

from __future__ import annotations

import math

from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.results.wording import branch_name
from zepad_app.theme import Theme
from zepad_app.tokens import Meaning
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_plot import FigurePlot
from zepad_engine.questions import MapPoint, Neighboured


class FeatureMap(FigurePlot):
    """Clean test images as rings, perturbed ones as crosses; an arrow leads from this picture to its perturbed form."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Map of the features", parent)
        self._found: Neighboured | None = None
        self.setMinimumSize(140, 140)
        self.redraw()

    @property
    def found(self) -> Neighboured | None:
        """What is drawn."""
        return self._found

    @property
    def moved(self) -> bool:
        """Whether the perturbation moves the picture at all."""
        found = self._found
        return found is not None and (found.clean.x, found.clean.y) != (found.perturbed.x, found.perturbed.y)

    def show_neighboured(self, found: Neighboured) -> None:
        """Draw another answer."""
        self._found = found
        self.redraw()

    def fade(self, *, faded: bool) -> None:
        """Mark the map as an older picture's."""
        self.plot.fade(0.35 if faded else 1.0)

    def draw(self) -> None:
        """Clouds first, this picture on top."""
        self.plot.axis("left").hide()
        self.plot.axis("bottom").hide()
        found = self._found
        if found is None:
            return
        self._fit(found)
        for perturbed in (False, True):
            self._cloud([point for point in found.points if point.perturbed is perturbed], perturbed=perturbed)
        if self.moved:
            self._arrow(found.clean, found.perturbed)
            self.add_marks([(found.clean.x, found.clean.y)], "star", self.theme.colour("fused"), size=16, filled=False)
        meaning: Meaning = "adversarial" if self.moved else "fused"
        at = [(found.perturbed.x, found.perturbed.y)]
        self.add_marks(at, "star", QColor(self.theme.tokens.surface), size=22)
        self.add_marks(at, "star", self.theme.colour(meaning), size=16)

    def summary(self) -> str:
        """What is drawn and how much of it two axes can show."""
        found = self._found
        if found is None:
            return "Nothing is drawn yet."
        clean = sum(not point.perturbed for point in found.points)
        crossed = len(found.points) - clean
        moved = " Perturbed ones are at the audited size." if crossed else ""
        if self.moved:
            length = math.dist((found.clean.x, found.clean.y), (found.perturbed.x, found.perturbed.y))
            moved += f" The perturbation moves this picture by {length:.2f} on the map."
        return (
            f"{clean} clean and {crossed} perturbed test images in the features of the "
            f"{branch_name('undefended' if found.branch == 'victim' else found.branch).lower()}; the two axes hold "
            f"{100 * found.share:.0f} % of the variance.{moved}"
        )

    def figures(self) -> Figures:
        """Every point with its place."""
        found = self._found
        if found is None:
            return [("kind", "label", "x", "y")]
        mine = (("this picture, clean", found.clean), ("this picture, as asked", found.perturbed))
        rows = [(name, point.label, point.x, point.y) for name, point in mine]
        kinds = {False: "clean", True: "perturbed"}
        return [
            ("kind", "label", "x", "y"),
            *rows,
            *((kinds[point.perturbed], point.label, point.x, point.y) for point in found.points),
        ]

    def _fit(self, found: Neighboured) -> None:
        points = (*found.points, found.clean, found.perturbed)
        xs, ys = [point.x for point in points], [point.y for point in points]
        self.plot.show_range("bottom", min(xs), max(xs), padding=0.06)
        self.plot.show_range("left", min(ys), max(ys), padding=0.06)

    def _cloud(self, points: list[MapPoint], *, perturbed: bool) -> None:
        if not points:
            return
        colour = self.theme.colour("adversarial" if perturbed else "undefended")
        colour.setAlpha(170)
        state = "perturbed" if perturbed else "clean"
        hints = [f"{point.label}, {state}" for point in points]
        places = [(point.x, point.y) for point in points]
        self.add_marks(places, "x" if perturbed else "o", colour, size=7, filled=perturbed, hints=hints)

    def _arrow(self, start: MapPoint, end: MapPoint) -> None:
        pen = QPen(self.theme.colour("adversarial"), 2)
        pen.setCosmetic(True)
        self.add_line([start.x, end.x], [start.y, end.y], pen)
