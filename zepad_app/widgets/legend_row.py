"""A row of plot keys: the marker or the dash of a meaning, and its word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from zepad_app.theme import Theme

_SWATCH, _GAP = 20, 16
# A dash needs both ends of the marker that stands on its line.
_LINED = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One entry; ``pen`` is asked at each paint, so that it follows the theme; ``lined``: its symbol is on a line."""

    text: str
    pen: Callable[[], QPen]
    symbol: str = ""
    filled: bool = True
    lined: bool = False
    hint: str = ""


class LegendRow(QWidget):
    """Keys side by side, wrapped where the row is too narrow."""

    def __init__(self, theme: Theme, keys: tuple[Key, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._keys: tuple[Key, ...] = ()
        # Of words at a size of text: a layout asks for them a dozen times before it settles.
        self._widths: dict[tuple[str, int], int] = {}
        theme.changed.connect(self.update)
        self.show_keys(keys)

    def show_keys(self, keys: tuple[Key, ...]) -> None:
        """Replace the keys."""
        self._keys = keys
        self.setAccessibleName("Key: " + ", ".join(key.text for key in keys))
        self.setToolTip("\n".join(f"{key.text}: {key.hint}" for key in keys if key.hint))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """A narrow row needs more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of the wrapped keys."""
        places = self._places(width)
        return (int(places[-1].y()) if places else 0) + self._line()

    def sizeHint(self) -> QSize:
        """All keys in one line."""
        width = sum(self._width(key) + _GAP for key in self._keys)
        return QSize(width, self._line())

    def minimumSizeHint(self) -> QSize:
        """The widest key."""
        return QSize(max((self._width(key) for key in self._keys), default=0), self._line())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the keys."""
        self.paint(QPainter(self))

    def paint(self, painter: QPainter) -> None:
        """Draw the keys elsewhere, in this row's size."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("caption"))
        for key, place in zip(self._keys, self._places(self.width()), strict=True):
            self._paint_key(painter, key, place)

    def _paint_key(self, painter: QPainter, key: Key, place: QPointF) -> None:
        wide = _swatch(key)
        middle = place + QPointF(wide / 2, self._line() / 2)
        pen = key.pen()
        # Nothing scales a key: its line is as wide as the plot's, at any density.
        pen.setCosmetic(False)
        painter.setPen(pen)
        if not key.symbol or key.lined:
            painter.drawLine(middle - QPointF(wide / 2, 0), middle + QPointF(wide / 2 - 2, 0))
        if key.symbol:
            painter.save()
            painter.translate(middle)
            brush = pen.color() if key.filled else QColor(self._theme.tokens.surface)
            pg.graphicsItems.ScatterPlotItem.drawSymbol(
                painter, key.symbol, 7 if key.lined else 10, QPen(pen.color(), 0.15), pg.mkBrush(brush)
            )
            painter.restore()
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        left, top = int(place.x()) + wide + 4, int(place.y())
        painter.drawText(left, top, self._width(key), self._line(), Qt.AlignmentFlag.AlignVCenter, key.text)

    def _places(self, width: int) -> list[QPointF]:
        places, x, y = [], 0, 0
        for key in self._keys:
            if x and x + self._width(key) > width:
                x, y = 0, y + self._line()
            places.append(QPointF(x, y))
            x += self._width(key) + _GAP
        return places

    def _width(self, key: Key) -> int:
        place = key.text, self._theme.pixels("caption")
        if place not in self._widths:
            self._widths[place] = QFontMetrics(self._theme.font("caption")).horizontalAdvance(key.text)
        return _swatch(key) + 6 + self._widths[place]

    def _line(self) -> int:
        return QFontMetrics(self._theme.font("caption")).height() + 4


def _swatch(key: Key) -> int:
    return _LINED if key.lined else _SWATCH
