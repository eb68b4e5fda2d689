"""The past audits as a table: one row per run, sortable by what a column means, filtered by words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from zepad_app.glossary import explain
from zepad_app.history import RecentRun
from zepad_app.runs.wording import STATES, date_words, size_words, verdict_words
from zepad_app.widgets.hint import HINT_ROLES, plain_hint

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
COLUMNS: Final = ("Audit", "Verdict", "State", "Preset", "Seed", "Date", "On disk")
AUDIT, VERDICT, STATE, PRESET, SEED, DATE, SIZE = range(len(COLUMNS))
NUMBERS: Final = (SEED, DATE, SIZE)
RUN_ROLE: Final = Qt.ItemDataRole.UserRole + 1
SORT_ROLE: Final = Qt.ItemDataRole.UserRole + 2


class RunsModel(QAbstractTableModel):
    """Rows in the order they were found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[RecentRun] = []
        self._sizes: dict[Path, int] = {}

    @property
    def runs(self) -> tuple[RecentRun, ...]:
        """All runs."""
        return tuple(self._runs)

    @property
    def size(self) -> int:
        """Bytes of all runs measured so far."""
        return sum(self._sizes.get(run.folder, 0) for run in self._runs)

    def size_of(self, runs: tuple[RecentRun, ...]) -> int | None:
        """Bytes of some runs; None if one of them is not measured yet."""
        sizes = [self._sizes.get(run.folder) for run in runs]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def clear(self) -> None:
        """Forget the rows; sizes are kept until they are measured anew."""
        self.beginResetModel()
        self._runs = []
        self.endResetModel()

    def add(self, run: RecentRun) -> None:
        """One more row."""
        row = len(self._runs)
        self.beginInsertRows(QModelIndex(), row, row)
        self._runs.append(run)
        self.endInsertRows()

    def measure(self, folder: Path, size: int) -> None:
        """The size of a run is known."""
        if self._sizes.get(folder) == size:
            return
        self._sizes[folder] = size
        row = next((row for row, run in enumerate(self._runs) if run.folder == folder), -1)
        if row >= 0:
            index = self.index(row, SIZE)
            self.dataChanged.emit(index, index)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """One row per run."""
        return 0 if parent.isValid() else len(self._runs)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """The columns of ``COLUMNS``."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Names of the columns, numbers to the right."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in NUMBERS else Qt.AlignmentFlag.AlignLeft
            return Qt.AlignmentFlag.AlignVCenter | side
        if role in HINT_ROLES:
            return explain(COLUMNS[section]) or None
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Text, what it sorts by, the run itself, and a hint that has all of it."""
        run = self._runs[index.row()]
        if role == RUN_ROLE:
            return run
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(run, index.column())
        if role == SORT_ROLE:
            return self._key(run, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_hint(verdict_words(run) if index.column() == VERDICT else str(run.folder))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()]}: {self._text(run, index.column()) or 'unknown'}"
        return None

    def _text(self, run: RecentRun, column: int) -> str:
        return (
            run.name,
            verdict_words(run),
            STATES[run.state],
            run.preset.capitalize(),
            "" if run.seed is None else str(run.seed),
            date_words(run.changed),
            size_words(self._sizes.get(run.folder)),
        )[column]

    def _key(self, run: RecentRun, column: int) -> object:
        if column == SEED:
            return -1 if run.seed is None else run.seed
        if column == DATE:
            return run.changed
        if column == SIZE:
            return float(self._sizes.get(run.folder, -1))
        return self._text(run, column).casefold()


class FilteredRuns(QSortFilterProxyModel):
    """The rows in which every word of the filter occurs, in any column or in the folder's name; newest first."""

    def __init__(self, model: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._model = model
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)
        self.setDynamicSortFilter(True)

    def set_words(self, text: str) -> None:
        """Show the runs that hold all of these words."""
        self._words = text.casefold().split()
        # Has the rows looked at again in every version of Qt; the string itself plays no part.
        self.setFilterFixedString(text)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """The column's name, and the order behind that of the sorted one."""
        told = super().headerData(section, orientation, role)
        if role != Qt.ItemDataRole.DisplayRole or section != self.sortColumn():
            return told
        return f"{told} {'↓' if self.sortOrder() == Qt.SortOrder.DescendingOrder else '↑'}"

    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        """Whether a run has every word."""
        del source_parent
        run = self._model.runs[source_row]
        told = (run.name, run.folder.name, verdict_words(run), STATES[run.state], run.preset, f"seed {run.seed}")
        text = " ".join(told).casefold()
        return all(word in text for word in self._words)
