"""The table view of rates: value in body size, interval smaller behind it, groups apart, copied with Ctrl+C."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pyqtgraph as pg
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from zepad_app.results.rate_table import DEFENCE_ROLE, FIRST_OF_GROUP_ROLE, RATE_ROLE, RateTable
from zepad_app.results.wording import rate_parts
from zepad_app.theme import Theme
from zepad_app.widgets.dumbbell_plot import CONTROL_MARKS
from zepad_app.widgets.figure_plot import figures_as_csv
from zepad_engine.storage import write_bytes

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_PAD, _MARK = 8, 18


class RateDelegate(QStyledItemDelegate):
    """Draws a rate as two texts, and a defence with the marker it has in the plot above."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

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
        body, caption = (QFontMetrics(self._theme.font(role)) for role in ("body", "caption"))
        if index.column() < 2:
            width = body.horizontalAdvance(str(index.data())) + (_MARK if index.column() else 0)
        else:
            width = body.horizontalAdvance("100.0 %") + caption.horizontalAdvance(" ±10.0")
        return QSize(width + 2 * _PAD, body.height() + 10)

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


class ResultTable(QTableView):
    """Shows all rows at once: the page scrolls, not the table."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rates = RateTable()
        self.setModel(self.rates)
        self.setItemDelegate(RateDelegate(theme, self))
        self.setAccessibleName("Rates of every defence under every attack")
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(64)
        self.rates.modelReset.connect(self._fit)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        theme.changed.connect(self._fit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the selected cells, or all of them."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_cells()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: object) -> None:
        """Offer to copy and to save."""
        menu = QMenu(self)
        entries: tuple[tuple[str, Callable[[], None]], ...] = (
            ("Copy cells", self.copy_cells),
            ("Copy all figures as CSV", self.copy_figures),
            ("Save all figures as CSV…", self._on_save),
        )
        for text, action in entries:
            menu.addAction(text, action)
        menu.exec(event.globalPos())  # type: ignore[attr-defined]

    def copy_cells(self) -> None:
        """Put the selection (or everything) on the clipboard, tab-separated as sheets take it.

        As text only: a QMimeData made in Python and still on the clipboard when the program ends crashes the exit.
        """
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in self._selected_texts()))

    def copy_figures(self) -> None:
        """Put every rate with its n and interval on the clipboard as CSV."""
        QGuiApplication.clipboard().setText(figures_as_csv(self.rates.long_figures()))

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save figures", f"{self.rates.measure}.csv", "CSV (*.csv)")
        if path:
            write_bytes(Path(path), figures_as_csv(self.rates.long_figures()).encode())

    def _selected_texts(self) -> list[list[str]]:
        chosen = self.selectionModel().selectedIndexes()
        rows = sorted({index.row() for index in chosen}) or list(range(self.rates.rowCount()))
        columns = sorted({index.column() for index in chosen}) or list(range(self.rates.columnCount()))
        head = [str(self.rates.headerData(column, Qt.Orientation.Horizontal)) for column in columns]
        return [head, *([str(self.rates.index(row, column).data()) for column in columns] for row in rows)]

    def _fit(self) -> None:
        self.verticalHeader().setMinimumSectionSize(16)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self._theme.font("body")).height() + 10)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if self.rates.columnCount() > 2:
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        rows = sum(self.rowHeight(row) for row in range(self.rates.rowCount()))
        bar = self.horizontalScrollBar()
        room = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self.setFixedHeight(rows + header.sizeHint().height() + room + 4)
