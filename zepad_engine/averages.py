"""Means over tasks, kept apart for the tasks the defender tuned on and the others. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable

from zepad_engine.evidence import Rate
from zepad_engine.findings import Average, Cell
from zepad_engine.intervals import mean_of_rates
from zepad_engine.plan import AuditPlan, set_name


def averages_of(cells: Iterable[Cell], plan: AuditPlan) -> tuple[Average, ...]:
    """For each defence and attack, over all tasks and over the unseen ones (if they differ and there are any)."""
    cells = tuple(cells)
    tasks = tuple(set_name(task) for task in plan.tasks)
    unseen = tuple(name for name in tasks if name != set_name(plan.local_set))
    found = []
    for defence in dict.fromkeys(cell.defence for cell in cells):
        for attack in dict.fromkeys(cell.attack for cell in cells):
            group = [cell for cell in cells if cell.defence == defence and cell.attack == attack]
            found.append(_average(group, tasks, unseen=False))
            if unseen:
                found.append(_average([cell for cell in group if cell.task in unseen], unseen, unseen=True))
    return tuple(found)


def _average(cells: list[Cell], tasks: tuple[str, ...], *, unseen: bool) -> Average:
    return Average(
        defence=cells[0].defence,
        attack=cells[0].attack,
        unseen=unseen,
        tasks=tasks,
        ba=_mean([cell.ba for cell in cells]),
        ra=_mean([cell.ra for cell in cells]),
        asr=_mean([cell.asr for cell in cells]),
    )


def _mean(rates: list[Rate | None]) -> Rate | None:
    present = [rate for rate in rates if rate is not None]
    return mean_of_rates(present) if present else None


def headline(averages: Iterable[Average], defence: str, attack: str) -> Average | None:
    """The average over unseen tasks, or over all where every task was tuned on."""
    matching = [average for average in averages if average.defence == defence and average.attack == attack]
    return next((average for average in matching if average.unseen), matching[0] if matching else None)
