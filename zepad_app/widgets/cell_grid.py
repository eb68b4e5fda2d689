"""Result cells as they come: a row per defence, a column per attack, the mean over the tasks measured so far."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from zepad_app.glossary import explain
from zepad_app.results.wording import rate_hint, rate_text
from zepad_app.tokens import FONT_SIZES, INSIDE
from zepad_app.widgets.hint import HINT_ROLES
from zepad_engine.findings import Cell
from zepad_engine.intervals import mean_of_rates


class CellGrid(QTableWidget):
    """Accuracy so far; an empty place has not been measured yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Cell, ...] = ()
        self.setAccessibleName("Results so far")
        # Tab leaves the table; the arrow keys move in it.
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setShowGrid(False)
        self.verticalHeader().setDefaultSectionSize(36)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        # A heading of two words takes two lines rather than lose its beginning.
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag(side.value | Qt.TextFlag.TextWordWrap.value))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As high as the headings need at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if not self.columnCount():
            return
        header = self.horizontalHeader()
        font = QFont(self.font())
        # The style sheet gives headings their size, and tells no one.
        font.setPixelSize(round(self.fontInfo().pixelSize() * FONT_SIZES["caption"] / FONT_SIZES["body"]))
        metrics = QFontMetrics(font)
        heads = [str(self.model().headerData(n, Qt.Orientation.Horizontal)) for n in range(self.columnCount())]
        # A heading breaks between words, and no figure is cut: where that is too wide, the table scrolls.
        longest = max((word for head in heads for word in re.split("(?<=[ -])", head)), key=metrics.horizontalAdvance)
        rate = max(map(self.fontMetrics().horizontalAdvance, ("100.0 %", *self.texts())))
        header.setMinimumSectionSize(max(metrics.horizontalAdvance(longest), rate) + 2 * INSIDE + 2)
        wrapped, room = int(Qt.TextFlag.TextWordWrap), header.sectionSize(0) - 2 * INSIDE
        high = max(metrics.boundingRect(0, 0, room, 1000, wrapped, head).height() for head in heads)
        header.setFixedHeight(high + 2 * INSIDE)
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        bar = self.horizontalScrollBar().sizeHint().height() if header.length() > self.viewport().width() else 0
        self.setFixedHeight(rows + header.height() + bar + 2 * self.frameWidth())

    def texts(self) -> list[str]:
        """Every figure shown."""
        places = ((row, column) for row in range(self.rowCount()) for column in range(self.columnCount()))
        return [item.text() for place in places if (item := self.item(*place)) is not None]

    def _explain(self, column: int, meaning: str) -> None:
        for role in HINT_ROLES:
            self.model().setHeaderData(column, Qt.Orientation.Horizontal, meaning, role)

    def show_cells(self, cells: tuple[Cell, ...], names: dict[str, str]) -> None:
        """Show the cells; ``names`` says keys in words."""
        if cells == self._shown:
            return
        self._shown = cells
        defences = tuple(dict.fromkeys(cell.defence for cell in cells))
        attacks = tuple(dict.fromkeys(cell.attack for cell in cells))
        self.setRowCount(len(defences))
        self.setColumnCount(len(attacks))
        self.setVerticalHeaderLabels([names.get(key, key) for key in defences])
        self.setHorizontalHeaderLabels(["Clean images" if key == "none" else names.get(key, key) for key in attacks])
        for column, key in enumerate(attacks):
            self._explain(column, explain("BA" if key == "none" else "RA"))
        for row, defence in enumerate(defences):
            for column, attack in enumerate(attacks):
                self.setItem(row, column, _item(cells, defence, attack, names))
        self._fit()


def tasks_in_words(cells: tuple[Cell, ...], names: dict[str, str]) -> str:
    """The tasks of these cells, whose mean is shown."""
    tasks = tuple(dict.fromkeys(cell.task.removeprefix("sample:") for cell in cells))
    listed = ", ".join(names.get(task, task) for task in tasks)
    return f"On {listed}" if len(tasks) == 1 else f"Mean over {len(tasks)} tasks: {listed}"


def _item(cells: tuple[Cell, ...], defence: str, attack: str, names: dict[str, str]) -> QTableWidgetItem:
    here = [cell for cell in cells if (cell.defence, cell.attack) == (defence, attack)]
    rates = [rate for cell in here if (rate := cell.ba if attack == "none" else cell.ra) is not None]
    mean = mean_of_rates(rates) if rates else None
    item = QTableWidgetItem(rate_text(mean) if mean else "")
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(f"{rate_hint(mean)}\n{tasks_in_words(tuple(here), names)}" if mean else "Not measured yet")
    return item
