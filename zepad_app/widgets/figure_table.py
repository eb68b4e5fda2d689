"""A table of rates that shows all its rows, and can be copied, saved and asked like a plot."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QSize, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from zepad_app.results.rate_table import RATE_ROLE
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import Figures, figure_menu

_ROOM = 10


class FigureTable(QTableView):
    """Shows all rows at once: the page scrolls, not the table. The first ``named`` columns hold names, not rates."""

    def __init__(
        self, theme: Theme, rates: QAbstractTableModel, title: str, *, named: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._named = named
        self.setModel(rates)
        self.setAccessibleName(title)
        self.setShowGrid(False)
        # Tab leaves the table; the arrow keys move in it.
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(64)
        rates.modelReset.connect(self.fit)
        self.horizontalScrollBar().rangeChanged.connect(self.fit)
        theme.changed.connect(self.fit)

    def figures(self) -> Figures:
        """Every rate in long form, a header first."""
        raise NotImplementedError

    def summary(self) -> str:
        """The table in a sentence."""
        return f"{self.accessibleName()}: {self.model().rowCount()} rows."

    def row_height(self) -> int:
        """Height of a row in pixels."""
        return QFontMetrics(self._theme.font("body")).height() + _ROOM

    def figure_size(self) -> QSize:
        """As it stands."""
        return self.size()

    def paint_figure(self, painter: QPainter) -> None:
        """Draw the table as text and lines."""
        header, chosen = self.horizontalHeader(), self.selectionModel().selection()
        # Neither the arrow of the order nor the selection belongs to the figure.
        sorted_by = header.isSortIndicatorShown()
        header.setSortIndicatorShown(False)
        self.clearSelection()
        self.render(painter, self.rect().topLeft(), self.rect())
        header.setSortIndicatorShown(sorted_by)
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.Select)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the selected cells, or all of them."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_cells()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy, to save, and how the cell under the mouse was measured."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(self.viewport().mapFromGlobal(event.globalPos()))
        self.menu(index).exec(event.globalPos())

    def menu(self, index: QModelIndex | None = None) -> QMenu:
        """The context menu, about a cell where there is one."""
        rate = index.data(RATE_ROLE) if index is not None and index.isValid() else None
        what = self.about(index) if index is not None and rate is not None else self.accessibleName()
        menu = figure_menu(self, lambda: self._theme.tokens.surface, what, rate)
        first = menu.actions()[0]
        copy = QAction("Copy cells", menu)
        copy.triggered.connect(self.copy_cells)
        menu.insertAction(first, copy)
        return menu

    def about(self, index: QModelIndex) -> str:
        """What a cell shows, in words: its names and its column."""
        model = self.model()
        names = [str(model.index(index.row(), column).data()) for column in range(self._named)]
        return " · ".join([*names, str(model.headerData(index.column(), Qt.Orientation.Horizontal))])

    def copy_cells(self) -> None:
        """Put the selection (or everything) on the clipboard, tab-separated as sheets take it.

        As text only: a QMimeData made in Python and still on the clipboard when the program ends crashes the exit.
        """
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in self._selected_texts()))

    def fit(self) -> None:
        """Be as high as all rows, and share the width."""
        self.verticalHeader().setMinimumSectionSize(16)
        self.verticalHeader().setDefaultSectionSize(self.row_height())
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if self.model().columnCount() > self._named:
            header.setSectionResizeMode(self._named - 1, QHeaderView.ResizeMode.Stretch)
        rows = sum(self.rowHeight(row) for row in range(self.model().rowCount()))
        bar = self.horizontalScrollBar()
        room = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self.setFixedHeight(rows + header.sizeHint().height() + room + 4)

    def _selected_texts(self) -> list[list[str]]:
        model = self.model()
        chosen = self.selectionModel().selectedIndexes()
        rows = sorted({index.row() for index in chosen}) or list(range(model.rowCount()))
        columns = sorted({index.column() for index in chosen}) or list(range(model.columnCount()))
        head = [str(model.headerData(column, Qt.Orientation.Horizontal)) for column in columns]
        return [head, *([str(model.index(row, column).data()) for column in columns] for row in rows)]
