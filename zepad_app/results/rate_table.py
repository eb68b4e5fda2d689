"""The full table of an audit as a Qt model: a row per attack and defence, a column per task and per mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from PySide6.QtCore import Qt

from zepad_app.glossary import explain
from zepad_app.results.contrasts import attacks_of, tasks_of
from zepad_app.results.rates_model import Index, RatesModel
from zepad_app.results.wording import attack_name, defence_hint, defence_name, rate_hint, rate_text, task_name
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport, Average, Cell

Measure: TypeAlias = Literal["ba", "ra", "asr", "asr_of_correct"]
MEASURES: Final[tuple[tuple[Measure, str, str], ...]] = (
    ("ra", "Robust accuracy", explain("RA")),
    ("ba", "Clean accuracy", explain("BA")),
    ("asr", "Attack success", "ASR as the paper's release counts it: any changed answer, over all images."),
    ("asr_of_correct", "Success on correct", explain("ASR")),
)
RATE_ROLE: Final = Qt.ItemDataRole.UserRole + 1
DEFENCE_ROLE: Final = Qt.ItemDataRole.UserRole + 2
FIRST_OF_GROUP_ROLE: Final = Qt.ItemDataRole.UserRole + 3
_ALL, _UNSEEN = "\0all", "\0unseen"


@dataclass(frozen=True, slots=True)
class Row:
    """One defence under one attack: a rate per column."""

    attack: str
    defence: str
    rates: tuple[Rate | None, ...]


class RateTable(RatesModel):
    """Rows stay in groups of one attack; sorting by a rate orders the defences within each group.

    The control rows are part of every group, so that no order and no switch can hide them.
    """

    names: ClassVar[tuple[str, ...]] = ("Attack", "Defence")
    rates_on: ClassVar[Qt.AlignmentFlag] = Qt.AlignmentFlag.AlignRight
    _rows: list[Row]

    def __init__(self) -> None:
        super().__init__()
        self._measure: Measure = "ra"
        self._rows = []
        self._order: tuple[int, Qt.SortOrder] = (0, Qt.SortOrder.AscendingOrder)

    @property
    def measure(self) -> Measure:
        """What the cells show."""
        return self._measure

    def show_report(self, report: AuditReport) -> None:
        """Take another report."""
        self._report = report
        self._rebuild()

    def show_measure(self, measure: Measure) -> None:
        """Show another rate of the same report."""
        self._measure = measure
        self._rebuild()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts, hints and the rates behind them."""
        row, column = self._rows[index.row()], index.column()
        if role == FIRST_OF_GROUP_ROLE:
            return index.row() > 0 and self._rows[index.row() - 1].attack != row.attack
        if role == DEFENCE_ROLE:
            return row.defence if column == 1 else None
        if column < 2:
            return self._name(row, column, role)
        rate = row.rates[column - 2]
        if role == RATE_ROLE:
            return rate
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return rate_text(rate)
        return rate_hint(rate) if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order groups by attack or defence name, or the defences within each group by a rate; unmeasured ones last."""
        self._order = (column, order)
        self.layoutAboutToBeChanged.emit()
        self._sort()
        self.layoutChanged.emit()

    def long_figures(self) -> list[list[object]]:
        """Every rate of the table in long form, a header first."""
        rows: list[list[object]] = [["attack", "defence", "task", "measure", "value", "n", "low", "high"]]
        for row in self._rows:
            for column, rate in zip(self._columns, row.rates, strict=True):
                if rate is not None:
                    figures = (rate.value, rate.n, rate.low, rate.high)
                    rows.append([row.attack, row.defence, column.strip("\0"), self._measure, *figures])
        return rows

    def _name(self, row: Row, column: int, role: int) -> str | None:
        if role == Qt.ItemDataRole.ToolTipRole and column == 1:
            return defence_hint(row.defence)
        if role != Qt.ItemDataRole.DisplayRole or self._report is None:
            return None
        return attack_name(self._report, row.attack) if column == 0 else defence_name(row.defence, self._report)

    def column_name(self, key: str) -> str:
        """A task's name, or which mean."""
        if key in (_ALL, _UNSEEN):
            return "Mean" if key == _ALL else "Mean, unseen"
        return task_name(self._report, key) if self._report else key

    def column_hint(self, section: int) -> str:
        """What a column shows."""
        if section == 0:
            return "The perturbation added to every image."
        if section == 1:
            return f"{explain('Defence')} Sorting keeps the defences of one attack together."
        meant = next(hint for key, _, hint in MEASURES if key == self._measure)
        column = self._columns[section - 2]
        return f"{meant} {explain(self.column_name(column))}".strip() if column in (_ALL, _UNSEEN) else meant

    def _rebuild(self) -> None:
        self.beginResetModel()
        report = self._report
        if report is not None:
            means = [
                key
                for key, unseen in ((_ALL, False), (_UNSEEN, True))
                if any(a.unseen is unseen for a in report.averages)
            ]
            self._columns = (*tasks_of(report), *(means if self._measure != "asr_of_correct" else ()))
            self._rows = _rows(report, self._measure, self._columns)
            self._sort()
        self.endResetModel()

    def _sort(self) -> None:
        if self._report is None:
            return
        self._rows = _rows(self._report, self._measure, self._columns)
        column, order = self._order
        falling = order is Qt.SortOrder.DescendingOrder
        if column < 2:
            if falling:
                self._rows.sort(key=lambda row: row.attack if column == 0 else row.defence, reverse=True)
            return
        if column - 2 >= len(self._columns):
            return
        groups = list(dict.fromkeys(row.attack for row in self._rows))

        def place(row: Row) -> tuple[int, bool, float]:
            rate = row.rates[column - 2]
            value = 0.0 if rate is None else rate.value
            return groups.index(row.attack), rate is None, -value if falling else value

        self._rows.sort(key=place)


def _rows(report: AuditReport, measure: Measure, columns: tuple[str, ...]) -> list[Row]:
    defences = tuple(dict.fromkeys(cell.defence for cell in report.cells))
    known: dict[tuple[str, str, str], Rate | None] = {}
    for cell in report.cells:
        known[cell.attack, cell.defence, cell.task] = getattr(cell, measure)
    for mean in report.averages:
        known[mean.attack, mean.defence, _UNSEEN if mean.unseen else _ALL] = getattr(mean, measure, None)
    rows = [
        Row(attack, defence, tuple(known.get((attack, defence, column)) for column in columns))
        for attack in _groups(report, measure)
        for defence in defences
    ]
    return [row for row in rows if any(rate is not None for rate in row.rates)]


def _groups(report: AuditReport, measure: Measure) -> tuple[str, ...]:
    if measure != "ba":
        return attacks_of(report)
    # Clean accuracy is the same under every attack: one group tells it all.
    found: tuple[Cell | Average, ...] = report.cells
    attacks = tuple(dict.fromkeys(item.attack for item in found if item.ba is not None))
    return ("none",) if "none" in attacks else attacks[:1]
