"""Attacks on the defended systems, arranged: a row per attack, a column per system, the worst case in the last row."""

from __future__ import annotations

from dataclasses import dataclass

from zepad_engine.evidence import AdaptiveFinding, Rate, WorstCase
from zepad_engine.findings import AuditReport
from zepad_engine.intervals import mean_of_rates

# Systems side by side in one table: more would not fit a printed page.
_SYSTEMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    """One attack: what its attacker had and did, and its finding on each system of the table."""

    first: AdaptiveFinding
    steps: int
    restarts: int
    cells: tuple[AdaptiveFinding | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AimedTable:
    """Some systems on one task; ``clean`` and ``worst`` have an entry per system."""

    task: str
    defences: tuple[str, ...]
    clean: tuple[Rate | None, ...]
    attacks: tuple[Aimed, ...]
    worst: tuple[WorstCase | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is left of a system attacked in every way: means over the tasks on which that was tried."""

    defence: str
    tasks: tuple[str, ...]
    clean: Rate | None
    accuracy: Rate
    evaded: Rate | None


def aimed_tables(report: AuditReport) -> tuple[AimedTable, ...]:
    """A table per task, or several where there are many systems."""
    tables = []
    for task in dict.fromkeys(found.task for found in report.adaptive):
        mine = [found for found in report.adaptive if found.task == task]
        defences = tuple(dict.fromkeys(found.defence for found in mine))
        parts = (defences[start : start + _SYSTEMS] for start in range(0, len(defences), _SYSTEMS))
        tables += [_table(report, task, mine, part) for part in parts]
    return tuple(tables)


def _table(report: AuditReport, task: str, mine: list[AdaptiveFinding], defences: tuple[str, ...]) -> AimedTable:
    cells = {(found.attack, found.defence): found for found in mine}
    attacks = []
    for attack in dict.fromkeys(found.attack for found in mine):
        runs = [found for found in mine if found.attack == attack]
        attacks.append(
            Aimed(
                first=runs[0],
                steps=max(found.steps for found in runs),
                restarts=max(found.restarts for found in runs),
                cells=tuple(cells.get((attack, defence)) for defence in defences),
            )
        )
    return AimedTable(
        task=task,
        defences=defences,
        clean=tuple(_clean(mine, defence) for defence in defences),
        attacks=tuple(attacks),
        worst=tuple(worst_case(report, "all", defence, task) for defence in defences),
    )


def _clean(mine: list[AdaptiveFinding], defence: str) -> Rate | None:
    return next((found.clean_accuracy for found in mine if found.defence == defence), None)


def runs_of(report: AuditReport) -> tuple[tuple[AdaptiveFinding, ...], ...]:
    """The findings by attack, in order of first appearance."""
    attacks = dict.fromkeys(found.attack for found in report.adaptive)
    return tuple(tuple(found for found in report.adaptive if found.attack == attack) for attack in attacks)


def worst_case(report: AuditReport, scope: str, defence: str, task: str) -> WorstCase | None:
    """The worst case of that scope, if it was measured."""
    where = (scope, defence, task)
    return next((case for case in report.worst if (case.scope, case.defence, case.task) == where), None)


def remains(report: AuditReport) -> tuple[Remains, ...]:
    """What is left of each system when each image meets its worst attack of all."""
    whole = [case for case in report.worst if case.scope == "all"]
    return tuple(
        _remains(report, [case for case in whole if case.defence == defence])
        for defence in dict.fromkeys(case.defence for case in whole)
    )


def _remains(report: AuditReport, cases: list[WorstCase]) -> Remains:
    defence = cases[0].defence
    clean = [_clean([found for found in report.adaptive if found.task == case.task], defence) for case in cases]
    return Remains(
        defence=defence,
        tasks=tuple(case.task for case in cases),
        clean=mean_if_all(clean),
        accuracy=mean_of_rates([case.accuracy for case in cases]),
        evaded=mean_if_all([case.evaded for case in cases]),
    )


def mean_if_all(rates: list[Rate | None]) -> Rate | None:
    """The mean over tasks; None unless it is known on every one of them."""
    known = [rate for rate in rates if rate is not None]
    return mean_of_rates(known) if known and len(known) == len(rates) else None
