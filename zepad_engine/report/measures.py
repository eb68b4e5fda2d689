"""What is measured beside accuracy, arranged: paired tests, feature shifts and retrieval as means over tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zepad_engine.evidence import FalseAlarm, FeatureShift, Pair, Rate, Retrieval
from zepad_engine.findings import AuditReport
from zepad_engine.intervals import mean_of_rates

_P = 0.05
_WORST = "worst"
# Tasks side by side in one table: more would not fit a printed page.
_TASKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One branch under one attack, unweighted means over its tasks; ``n`` counts all images."""

    branch: str
    attack: str
    tasks: int
    n: int
    cosine: float
    neighbours: float
    rank_clean: float
    rank_moved: float
    clusters: Rate
    drop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Retrieval with one branch's features under one attack, means over its tasks."""

    recall: Rate
    precision: Rate


def pair_verdict(pair: Pair, name: Callable[[str], str]) -> str:
    """Which of the two is better, or that no difference was shown; ``name`` says a defence's key in words."""
    if pair.p >= _P or pair.difference == 0:
        return "no difference shown"
    return f"{name(pair.a if pair.difference > 0 else pair.b)} is better"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTable:
    """Pairs under one attack: a row per two defences, a column per task."""

    attack: str
    tasks: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Pair | None, ...]], ...]


def pair_tables(report: AuditReport) -> tuple[PairTable, ...]:
    """The pairs by attack; those under a single universal attack only where the worst case was not compared."""
    attacks = tuple(dict.fromkeys(pair.attack for pair in report.pairs))
    single = {attack.key for attack in report.attacks} if _WORST in attacks else set()
    return tuple(table for attack in attacks if attack not in single for table in _pair_tables(report.pairs, attack))


def _pair_tables(pairs: tuple[Pair, ...], attack: str) -> list[PairTable]:
    mine = {(pair.a, pair.b, pair.task): pair for pair in pairs if pair.attack == attack}
    tasks = tuple(dict.fromkeys(task for _, _, task in mine))
    compared = dict.fromkeys((a, b) for a, b, _ in mine)
    parts = (tasks[start : start + _TASKS] for start in range(0, len(tasks), _TASKS))
    return [
        PairTable(
            attack=attack,
            tasks=part,
            rows=tuple((a, b, tuple(mine.get((a, b, task)) for task in part)) for a, b in compared),
        )
        for part in parts
    ]


def mean_shifts(shifts: tuple[FeatureShift, ...]) -> tuple[Shift, ...]:
    """Each branch under each attack, over the tasks it was measured on."""
    places = dict.fromkeys((shift.attack, shift.branch) for shift in shifts)
    return tuple(_mean_shift([shift for shift in shifts if (shift.attack, shift.branch) == place]) for place in places)


def _mean_shift(mine: list[FeatureShift]) -> Shift:
    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    return Shift(
        branch=mine[0].branch,
        attack=mine[0].attack,
        tasks=len(mine),
        n=sum(shift.n for shift in mine),
        cosine=mean([shift.cosine_shift for shift in mine]),
        neighbours=mean([shift.neighbour_overlap for shift in mine]),
        rank_clean=mean([shift.rank_clean for shift in mine]),
        rank_moved=mean([shift.rank_moved for shift in mine]),
        clusters=mean_of_rates([shift.cluster_fooling for shift in mine]),
        drop=mean([shift.accuracy_drop for shift in mine]),
    )


def retrieval_attacks(report: AuditReport) -> tuple[str, ...]:
    """The conditions retrieval was measured under, clean queries among them."""
    return tuple(dict.fromkeys(found.attack for found in report.retrieval))


def retrieval_rows(report: AuditReport) -> tuple[tuple[str, dict[str, Found]], ...]:
    """For each branch what was found under each attack."""
    branches = dict.fromkeys(found.branch for found in report.retrieval)
    return tuple(
        (
            branch,
            {
                attack: _mean_found(mine)
                for attack in retrieval_attacks(report)
                if (mine := _of(report, branch, attack))
            },
        )
        for branch in branches
    )


def _of(report: AuditReport, branch: str, attack: str) -> list[Retrieval]:
    return [found for found in report.retrieval if (found.branch, found.attack) == (branch, attack)]


def _mean_found(mine: list[Retrieval]) -> Found:
    return Found(
        recall=mean_of_rates([found.recall_at_1 for found in mine]),
        precision=mean_of_rates([found.mean_average_precision for found in mine]),
    )


def alarm_tables(alarms: tuple[FalseAlarm, ...]) -> tuple[tuple[str, str, tuple[FalseAlarm, ...]], ...]:
    """The false alarms by system and task."""
    places = dict.fromkeys((alarm.defence, alarm.task) for alarm in alarms)
    return tuple(
        (defence, task, tuple(alarm for alarm in alarms if (alarm.defence, alarm.task) == (defence, task)))
        for defence, task in places
    )
