"""The transfer matrix: for each task, what attacks made on one encoder leave of each defence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from zepad_engine.evidence import Rate
from zepad_engine.findings import AttackFinding, AuditReport, Cell

# Points of accuracy lost from which a cell takes the next shade; the first shade is the paper itself.
SHADES: Final = (0.05, 0.15, 0.30, 0.50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """The strongest attack of one origin on one defence: what it leaves, and how dark that is, 0 to 4."""

    accuracy: Rate
    attack: str
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """One task: a row per defence, a column per origin."""

    task: str
    origins: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Meeting | None, ...]], ...]


def origin_of(attack: AttackFinding) -> str:
    """What it was made on; noise that nothing was optimised for was made on nothing."""
    return "control" if not attack.steps and attack.origin != "elsewhere" else attack.origin


def matrices(report: AuditReport) -> tuple[Matrix, ...]:
    """A matrix per task; none where all attacks have one origin."""
    origins = {attack.key: origin_of(attack) for attack in report.attacks}
    found = tuple(dict.fromkeys(origins.values()))
    if len(found) < 2:
        return ()
    tasks = dict.fromkeys(cell.task for cell in report.cells)
    return tuple(_matrix(task, [cell for cell in report.cells if cell.task == task], found, origins) for task in tasks)


def _matrix(task: str, cells: list[Cell], origins: tuple[str, ...], made_on: dict[str, str]) -> Matrix:
    rows = []
    for defence in dict.fromkeys(cell.defence for cell in cells):
        mine = [cell for cell in cells if cell.defence == defence]
        clean = next((cell.ba for cell in mine if cell.ba is not None), None)
        meetings = tuple(
            _strongest([cell for cell in mine if made_on.get(cell.attack) == origin], clean) for origin in origins
        )
        rows.append((defence, meetings))
    return Matrix(task=task, origins=origins, rows=tuple(rows))


def _strongest(cells: list[Cell], clean: Rate | None) -> Meeting | None:
    left = [(cell.ra, cell.attack) for cell in cells if cell.ra is not None]
    if not left:
        return None
    accuracy, attack = min(left, key=lambda pair: pair[0].value)
    lost = clean.value - accuracy.value if clean is not None else 0.0
    return Meeting(accuracy=accuracy, attack=attack, shade=sum(lost >= shade for shade in SHADES))
