"""The transfer matrix of one defence as a Qt model: a row per attack, a column per task, accuracy in each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from PySide6.QtCore import Qt

from zepad_app.glossary import explain
from zepad_app.results.contrasts import attacks_of, tasks_of
from zepad_app.results.rate_table import FIRST_OF_GROUP_ROLE, RATE_ROLE
from zepad_app.results.rates_model import Index, RatesModel
from zepad_app.results.wording import attack_name, rate_hint, rate_text, task_name
from zepad_app.widgets.attack_cards import ORIGINS
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport

_MEAN: Final = "\0mean"
_CONTROL: Final = "nothing: a control"
AGAINST_ROLE: Final = Qt.ItemDataRole.UserRole + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """An attack: its group, its name, what it was made against, and the accuracy left on each task."""

    group: int
    key: str
    name: str
    against: str
    rates: tuple[Rate | None, ...]


class Matrix(RatesModel):
    """Groups stay together: clean images, attacks on encoders, attacks on this system, worst per image."""

    names: ClassVar[tuple[str, ...]] = ("Attack, made against",)
    rates_on: ClassVar[Qt.AlignmentFlag] = Qt.AlignmentFlag.AlignHCenter
    _rows: list[MatrixRow]

    def __init__(self) -> None:
        super().__init__()
        self.defence = ""
        self._rows = []

    def show(self, report: AuditReport, defence: str) -> None:
        """Take a defence of a report."""
        self.beginResetModel()
        self._report, self.defence = report, defence
        means = (_MEAN,) if len(tasks_of(report)) > 1 else ()
        self._columns = (*tasks_of(report), *means)
        self._rows = _rows(report, defence, self._columns)
        self.endResetModel()

    def column_hint(self, section: int) -> str:
        """What a column shows."""
        if section == 0:
            return "The perturbation, and the encoder or system it was made against."
        mean = explain("Mean") if self._columns[section - 1] == _MEAN else ""
        return f"On clean images: {explain('BA')} Under an attack: {explain('RA')} {mean}".strip()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts, hints and the rates behind them."""
        row, column = self._rows[index.row()], index.column()
        if role == FIRST_OF_GROUP_ROLE:
            return index.row() > 0 and self._rows[index.row() - 1].group != row.group
        if column == 0:
            return self._named(row, role)
        rate = row.rates[column - 1]
        if role == RATE_ROLE:
            return rate
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return rate_text(rate)
        return rate_hint(rate) if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order the attacks within each group; unmeasured ones last."""
        falling = order is Qt.SortOrder.DescendingOrder

        def place(row: MatrixRow) -> tuple[bool, float | str]:
            if column < 1:
                return False, row.name
            rate = row.rates[column - 1]
            return rate is None, 0.0 if rate is None else -rate.value if falling else rate.value

        self.layoutAboutToBeChanged.emit()
        self._rows.sort(key=place, reverse=column < 1 and falling)
        self._rows.sort(key=lambda row: row.group)
        self.layoutChanged.emit()

    def long_figures(self) -> list[list[object]]:
        """Every rate in long form, a header first."""
        rows: list[list[object]] = [["defence", "attack", "made_against", "task", "accuracy", "n", "low", "high"]]
        for row in self._rows:
            for column, rate in zip(self._columns, row.rates, strict=True):
                if rate is not None:
                    figures = (rate.value, rate.n, rate.low, rate.high)
                    rows.append([self.defence, row.key, row.against, column.strip("\0"), *figures])
        return rows

    def summary(self) -> str:
        """Each attack with its lowest cell."""
        told = []
        for row in self._rows:
            known = [
                (rate, task) for rate, task in zip(row.rates, self._columns, strict=True) if rate and task != _MEAN
            ]
            if known:
                rate, task = min(known, key=lambda each: each[0].value)
                told.append(f"{row.name}: least {rate_text(rate)} on {self.column_name(task)}")
        return "; ".join(told) + "."

    def _named(self, row: MatrixRow, role: int) -> str | None:
        if role == AGAINST_ROLE:
            return row.against
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.name}, {row.against}" if row.against else row.name
        return row.name if role == Qt.ItemDataRole.DisplayRole else None

    def column_name(self, key: str) -> str:
        """A task's name, or that of the mean."""
        if key == _MEAN:
            return "Mean"
        return task_name(self._report, key) if self._report else key


def _rows(report: AuditReport, defence: str, columns: tuple[str, ...]) -> list[MatrixRow]:
    cells = {(cell.attack, cell.task): cell for cell in report.cells if cell.defence == defence}
    means = {mean.attack: mean for mean in report.averages if mean.defence == defence and not mean.unseen}
    origins = {
        attack.key: _CONTROL if attack.is_control else ORIGINS.get(attack.origin, attack.origin)
        for attack in report.attacks
    }

    def row(group: int, key: str, name: str, against: str, rates: dict[str, Rate | None]) -> MatrixRow:
        found = tuple(rates.get(column) for column in columns)
        return MatrixRow(group=group, key=key, name=name, against=against, rates=found)

    clean = {cell.task: cell.ba for (_, _), cell in cells.items() if cell.ba is not None}
    clean_mean = next((mean.ba for mean in means.values() if mean.ba is not None), None)
    rows = [row(0, "none", "Clean images", "", {**clean, _MEAN: clean_mean})]
    for attack in attacks_of(report):
        left = {task: cell.ra for (key, task), cell in cells.items() if key == attack}
        mean = means[attack].ra if attack in means else None
        rows.append(row(1, attack, attack_name(report, attack), origins.get(attack, ""), {**left, _MEAN: mean}))
    aimed = [found for found in report.adaptive if found.defence == defence]
    for attack, name in dict.fromkeys((found.attack, found.name) for found in aimed):
        rows.append(row(2, attack, name, "this very system", {f.task: f.accuracy for f in aimed if f.attack == attack}))
    for scope, name in (("universal", "Worst of the attacks on encoders"), ("all", "Worst of all attacks")):
        worst = {case.task: case.accuracy for case in report.worst if (case.scope, case.defence) == (scope, defence)}
        rows.append(row(3, f"worst_{scope}", name, "per image", dict(worst)))
    return [each for each in rows if any(rate is not None for rate in each.rates)]
