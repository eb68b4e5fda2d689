"""The table view of rates: value in body size, interval smaller behind it, groups apart, copied with Ctrl+C."""

from __future__ import annotations

from typing import TypeAlias

import pyqtgraph as pg
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from zepad_app.results.rate_table import DEFENCE_ROLE, FIRST_OF_GROUP_ROLE, MEASURES, RATE_ROLE, RateTable
from zepad_app.results.wording import rate_parts
from zepad_app.theme import Theme
from zepad_app.widgets.dumbbell_plot import CONTROL_MARKS
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_table import FigureTable

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_PAD, _MARK = 8, 18


class RateDelegate(QStyledItemDelegate):
    """Draws a rate as two texts, and a defence with the marker it has in the plot above."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._widths: dict[str, int] = {}
        theme.changed.connect(self._widths.clear)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one cell."""
        painter.save()
        box, tokens = QRect(option.rect), self._theme.tokens
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(tokens.raised))
        if index.data(FIRST_OF_GROUP_ROLE):
            painter.setPen(QColor(tokens.line))
            painter.drawLine(box.topLeft(), box.topRight())
        if index.column() < 2:
            self._paint_name(painter, box, index)
        else:
            self._paint_rate(painter, box, index)
        painter.restore()

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Room for the text, the marker and the padding."""
        words = str(index.data()) if index.column() < 2 else ""
        # A header asks this of every cell several times before a table is first seen.
        if words not in self._widths:
            self._widths[words] = self._width(words)
        mark = _MARK if index.column() == 1 else 0
        return QSize(self._widths[words] + mark + 2 * _PAD, QFontMetrics(self._theme.font("body")).height() + 10)

    def _width(self, name: str) -> int:
        """The room of a name, or of the widest rate."""
        body, caption = (QFontMetrics(self._theme.font(role)) for role in ("body", "caption"))
        if name:
            return body.horizontalAdvance(name)
        return body.horizontalAdvance("100.0 %") + caption.horizontalAdvance(" ±10.0")

    def _paint_name(self, painter: QPainter, box: QRect, index: _Index) -> None:
        left = box.left() + _PAD
        defence = index.data(DEFENCE_ROLE)
        if defence:
            self._paint_mark(painter, QPoint(left + 5, box.center().y() + 1), str(defence))
            left += _MARK
        repeated = index.column() == 0 and index.row() > 0 and not index.data(FIRST_OF_GROUP_ROLE)
        painter.setPen(QColor(self._theme.tokens.ink))
        painter.setFont(self._theme.font("body"))
        area = QRect(left, box.top(), box.right() - left, box.height())
        if not repeated:
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), str(index.data()))

    def _paint_mark(self, painter: QPainter, middle: QPoint, defence: str) -> None:
        if defence in ("undefended", "zepad"):
            meaning = "undefended" if defence == "undefended" else "fused"
            symbol, colour, filled = self._theme.marker(meaning), self._theme.colour(meaning), True  # type: ignore[arg-type]
        elif defence in CONTROL_MARKS:
            symbol, colour, filled = CONTROL_MARKS[defence], QColor(self._theme.tokens.ink_soft), False
        else:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(middle)
        brush = colour if filled else QColor(self._theme.tokens.surface)
        pg.graphicsItems.ScatterPlotItem.drawSymbol(painter, symbol, 10, QPen(colour, 0.15), pg.mkBrush(brush))
        painter.restore()

    def _paint_rate(self, painter: QPainter, box: QRect, index: _Index) -> None:
        value, interval = rate_parts(index.data(RATE_ROLE))
        caption, body = self._theme.font("caption"), self._theme.font("body")
        tail = QFontMetrics(caption).horizontalAdvance("±10.0") + 4
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.setFont(body)
        painter.setPen(QColor(self._theme.tokens.ink if interval else self._theme.tokens.ink_soft))
        painter.drawText(box.adjusted(0, 0, -_PAD - tail, 0), flags, value)
        painter.setFont(caption)
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        left = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        painter.drawText(QRect(box.right() - _PAD - tail + 5, box.top() + 1, tail, box.height()), left, interval)


class ResultTable(FigureTable):
    """Every defence under every attack."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.rates = RateTable()
        super().__init__(theme, self.rates, "Rates of every defence under every attack", named=2, parent=parent)
        self.setItemDelegate(RateDelegate(theme, self))
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)

    def figures(self) -> Figures:
        """Every rate with its n and interval."""
        return self.rates.long_figures()

    def about(self, index: QModelIndex) -> str:
        """The measure first, since the switch decides it."""
        measure = next(name for key, name, _ in MEASURES if key == self.rates.measure)
        return f"{measure} · {super().about(index)}"
