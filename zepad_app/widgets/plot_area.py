"""Axes and a box for items: as much of pyqtgraph's plot as a page needs.

pyqtgraph's own PlotWidget also makes forms and menus for zooming, averaging and transforming, which no page offers, and
takes three times as long to make.
"""

from __future__ import annotations

from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QGraphicsItem, QWidget

# Row and column of each axis about the box, which stands in the middle.
_PLACES: Final = {"left": (1, 0), "bottom": (2, 1), "right": (1, 2)}


class PlotArea(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph is untyped
    """Items in a box with an axis at the left and one below; the mouse neither pans nor zooms."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.enableMouse(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.box: Any = pg.ViewBox(enableMenu=False, enableMouse=False)
        self.drawn: list[QGraphicsItem] = []
        self._axes: dict[str, Any] = {}
        self._frame = pg.GraphicsWidget()
        self._grid = QGraphicsGridLayout(self._frame)
        self._grid.setContentsMargins(1, 1, 1, 1)
        self._grid.setSpacing(0)
        self._grid.setRowStretchFactor(1, 100)
        self._grid.setColumnStretchFactor(1, 100)
        self._grid.addItem(self.box, 1, 1)
        for side in ("left", "bottom"):
            self._add_axis(side)
        self.setCentralItem(self._frame)

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that have an axis."""
        return tuple(self._axes)

    def axis(self, side: str) -> Any:  # noqa: ANN401 - pyqtgraph is untyped
        """The axis at the "left", at the "bottom" or, made when it is first asked for, at the "right"."""
        if side not in self._axes:
            self._add_axis(side)
        return self._axes[side]

    def add(self, item: QGraphicsItem, *, ignore_bounds: bool = False) -> None:
        """Draw an item; the box follows its bounds unless it is to ignore them."""
        self.drawn.append(item)
        self.box.addItem(item, ignoreBounds=ignore_bounds)

    def remove(self, item: QGraphicsItem) -> None:
        """Take an item off."""
        self.drawn.remove(item)
        self.box.removeItem(item)

    def clear(self) -> None:
        """Take off all items."""
        while self.drawn:
            self.remove(self.drawn[-1])

    def show_range(self, side: str, low: float, high: float, padding: float) -> None:
        """Show these values along the axis at the "left" or at the "bottom", and a share ``padding`` of air."""
        along = self.box.setYRange if side == "left" else self.box.setXRange
        along(low, high, padding=padding)

    def fade(self, opacity: float) -> None:
        """Show all of it at an opacity, 0 to 1."""
        self._frame.setOpacity(opacity)

    def _add_axis(self, side: str) -> None:
        axis = pg.AxisItem(side, parent=self._frame)
        axis.linkToView(self.box)
        # Its grid lies above areas and below what asks to be in front.
        axis.setZValue(0.5)
        axis.enableAutoSIPrefix(False)
        self._grid.addItem(axis, *_PLACES[side])
        self._axes[side] = axis
