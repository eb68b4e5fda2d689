"""A line of a plot whose width is meant in logical pixels, on any screen and in any picture that leaves the window.

Axes scale a plot, so its pens are cosmetic, and Qt counts the width of those in pixels of the device: on a screen of
twice the density a line would be half as thick as the words beside it.
"""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QPainter, QPen


class Stroke(pg.PlotCurveItem):  # type: ignore[misc]  # pyqtgraph is untyped
    """Points joined by a line; a pen of width 0 stays a hairline."""

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:  # noqa: ANN401 - pyqtgraph is untyped
        """Draw with the pen as wide as it is meant on this device."""
        meant = self.opts["pen"]
        self.opts["pen"] = dense(meant, painter.device().devicePixelRatioF())
        try:
            super().paint(painter, option, widget)
        finally:
            self.opts["pen"] = meant


def dense(pen: QPen, ratio: float) -> QPen:
    """The cosmetic pen that looks like this one where a logical pixel is ``ratio`` pixels wide."""
    made = QPen(pen)
    made.setWidthF(pen.widthF() * ratio)
    return made
