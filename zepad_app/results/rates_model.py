"""The head that Qt models of rates share: named columns on the left, then a column of rates per task and per mean."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from zepad_app.widgets.hint import HINT_ROLES
from zepad_engine.findings import AuditReport

Index: TypeAlias = QModelIndex | QPersistentModelIndex


class RatesModel(QAbstractTableModel):
    """Columns are keys of tasks and means; the subclass names them, and fills ``_rows``."""

    names: ClassVar[tuple[str, ...]]
    rates_on: ClassVar[Qt.AlignmentFlag]

    def __init__(self) -> None:
        super().__init__()
        self._report: AuditReport | None = None
        self._columns: tuple[str, ...] = ()
        self._rows: Sequence[object] = ()

    def rowCount(self, parent: Index | None = None) -> int:
        """As many as there are rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """The named ones, then the rates."""
        return 0 if parent is not None and parent.isValid() else len(self.names) + len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Names of the columns, with an explanation on hover."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        named = section < len(self.names)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.names[section] if named else self.column_name(self._columns[section - len(self.names)])
        if role in HINT_ROLES:
            return self.column_hint(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if named else self.rates_on
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    @abstractmethod
    def column_name(self, key: str) -> str:
        """What stands above the rates of ``key``."""

    @abstractmethod
    def column_hint(self, section: int) -> str:
        """What a column shows, in a sentence."""
