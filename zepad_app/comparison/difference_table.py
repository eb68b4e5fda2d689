"""Every difference of a comparison in a table: both rates, the difference, the images, p as it is and after Holm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from zepad_app.comparison.wording import difference_sentence, name_in
from zepad_app.glossary import explain
from zepad_app.results.rate_table import RATE_ROLE
from zepad_app.results.wording import rate_text
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_table import FigureTable
from zepad_app.widgets.hint import HINT_ROLES, plain_hint
from zepad_engine.comparison import Comparison, Difference, interval_text, p_text, points_text

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
COLUMNS: Final = (
    "Task",
    "Attack",
    "System",
    "Rate",
    "First",
    "Second",
    "Difference",
    "95 % interval",
    "Images",
    "p",
    "Holm's p",
)
_NAMED: Final = 4
_ATTACK, _RATE = 1, 3
_LEAST_ATTACK: Final = 120
_ROOM: Final = 24
FIRST, SECOND, DIFFERENCE, INTERVAL, IMAGES, P, HOLM = range(_NAMED, len(COLUMNS))
_HINTS: Final = {
    IMAGES: "How many test images; ‘same’ where both audits were asked about the very same ones.",
    DIFFERENCE: f"Second minus first. {explain('Difference in points')}",
    INTERVAL: explain("Interval"),
    P: f"{explain('p')} Two-sided: McNemar's exact test on the same images, Fisher's exact test otherwise.",
    HOLM: explain("Holm's p"),
}


class DifferenceTable(QAbstractTableModel):
    """A row per difference."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._comparison: Comparison | None = None
        self._rows: list[Difference] = []
        self._texts: dict[int, tuple[str, ...]] = {}
        self._fonts: tuple[QFont, QFont] = (QFont(), QFont())
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def rows(self) -> tuple[Difference, ...]:
        """The differences shown, in their order."""
        return tuple(self._rows)

    def show_rows(self, comparison: Comparison, rows: Sequence[Difference]) -> None:
        """Take other rows."""
        self.beginResetModel()
        self._comparison, self._rows = comparison, list(rows)
        self._texts = {id(row): tuple(self._text(row, column) for column in range(len(COLUMNS))) for row in rows}
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        """A row per difference."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        """The columns of ``COLUMNS``."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Column names, with what the last ones mean on hover."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section < _NAMED else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role in HINT_ROLES:
            return _HINTS.get(section) or explain(COLUMNS[section]) or None
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Texts; a row that is told from chance in ink, the others soft; all of it in a sentence on hover."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[id(row)][column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column < _NAMED else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == RATE_ROLE and column in (FIRST, SECOND):
            return row.first if column == FIRST else row.second
        if role == Qt.ItemDataRole.ToolTipRole and self._comparison is not None:
            return plain_hint(difference_sentence(self._comparison, row))
        if role == Qt.ItemDataRole.ForegroundRole:
            tokens = self._theme.tokens
            return QColor(tokens.ink if row.stands_out else tokens.ink_soft)
        if role == Qt.ItemDataRole.FontRole:
            return self._fonts[row.stands_out and column in (DIFFERENCE, HOLM)]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Names by their letters, figures by their size; rows without a test come last."""
        self.layoutAboutToBeChanged.emit()
        falling = order is Qt.SortOrder.DescendingOrder
        self._rows.sort(key=lambda row: self._key(row, column), reverse=falling)
        if column in (P, HOLM):
            self._rows.sort(key=lambda row: row.p is None)
        self.layoutChanged.emit()

    def long_figures(self) -> Figures:
        """Every row with all its figures, a header first."""
        head: list[object] = ["task", "attack", "system", "rate"]
        head += [f"{audit}{part}" for audit in ("first", "second") for part in ("", "_low", "_high", "_n")]
        head += ["difference", "low", "high", "paired", "only_first", "only_second", "p", "holm"]
        return [head, *(_figures(row) for row in self._rows)]

    def _text(self, row: Difference, column: int) -> str:
        assert self._comparison is not None
        if column < 3:
            return name_in(self._comparison, (row.task, row.attack, row.defence)[column])
        return {
            3: row.measure if row.measure == "AUROC" else row.measure.capitalize(),
            FIRST: _rate(row, first=True),
            SECOND: _rate(row, first=False),
            DIFFERENCE: points_text(row),
            INTERVAL: interval_text(row),
            IMAGES: f"same {row.first.n:,}" if row.paired else f"{row.first.n:,}, {row.second.n:,}",
            P: p_text(row.p),
            HOLM: p_text(row.holm),
        }[column]

    def _key(self, row: Difference, column: int) -> str | float:
        if column in (FIRST, SECOND):
            return row.first.value if column == FIRST else row.second.value
        if column in (DIFFERENCE, INTERVAL):
            return row.difference if column == DIFFERENCE else row.high - row.low
        if column in (P, HOLM):
            return (row.p if column == P else row.holm) or 0.0
        return row.first.n if column == IMAGES else self._text(row, column).casefold()

    def widths(self) -> list[int]:
        """Pixels each column needs for its longest text."""
        strong, caption = QFontMetrics(self._fonts[1]), self._theme.font("caption")
        heads = [QFontMetrics(caption).horizontalAdvance(name) for name in COLUMNS]
        found = []
        for column, least in enumerate(heads):
            texts = {texts[column] for texts in self._texts.values()}
            found.append(max([least, *(strong.horizontalAdvance(text) for text in texts)]) + _ROOM)
        return found

    def _dress(self) -> None:
        plain, strong = self._theme.font("caption"), self._theme.font("caption")
        strong.setWeight(QFont.Weight.DemiBold)
        self._fonts = (plain, strong)


class DifferenceView(FigureTable):
    """The table on the page."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.differences = DifferenceTable(theme)
        super().__init__(theme, self.differences, "Differences between the two audits", named=_NAMED, parent=parent)
        self.setStyleSheet("QTableView::item { padding: 0 5px; }")
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def figures(self) -> Figures:
        """Every figure of the rows shown."""
        return self.differences.long_figures()

    def fit(self) -> None:
        """As high as all rows; each column as wide as its texts, the attack's takes what is left or gives way."""
        self.verticalHeader().setDefaultSectionSize(self.row_height())
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        # A column that says the same in every row says nothing.
        self.setColumnHidden(_RATE, len({row.measure for row in self.differences.rows}) == 1)
        widths = self.differences.widths()
        shown = [column for column in range(len(COLUMNS)) if not self.isColumnHidden(column)]
        left = self.viewport().width() - sum(widths[column] for column in shown)
        widths[_ATTACK] += max(left, min(0, _LEAST_ATTACK - widths[_ATTACK]))
        for column in shown:
            header.resizeSection(column, widths[column])
        bar = self.horizontalScrollBar()
        room = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self.setFixedHeight(self.row_height() * len(self.differences.rows) + header.sizeHint().height() + room + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self.fit()


def _rate(row: Difference, *, first: bool) -> str:
    rate = row.first if first else row.second
    if row.measure == "AUROC":
        return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]"
    return rate_text(rate)


def _figures(row: Difference) -> list[object]:
    found: list[object] = [row.task, row.attack, row.defence, row.measure]
    for rate in (row.first, row.second):
        found += [rate.value, rate.low, rate.high, rate.n]
    found += [row.difference, row.low, row.high, row.paired, row.only_first, row.only_second, row.p, row.holm]
    return found
