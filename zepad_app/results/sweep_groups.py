"""Sweeps as they share a chart: one setting on one task. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from zepad_engine.evidence import Sweep
from zepad_engine.findings import AuditReport

TITLES: Final = {
    "epsilon_255": ("Budget", "largest change per pixel, n/255"),
    "steps": ("Steps of the attack", "steps"),
    "restarts": ("Restarts of the attack", "restarts"),
    "queries": ("Queries", "queries per image"),
    "k": ("Sharpness k of the fusion", "k"),
    "margin": ("Margin of the detector", "margin"),
    "lambda": ("Price of being flagged", "weight λ"),
}
# Settings of the attack: at enough of them accuracy should fall to chance.
_OF_ATTACKS: Final = frozenset({"epsilon_255", "steps", "restarts", "queries"})
# From this ratio of the largest to the smallest setting on, the axis is logarithmic.
_WIDE: Final = 20


@dataclass(frozen=True, slots=True)
class Floor:
    """A share of the test images, 0 to 1, what it is of, and why it is drawn."""

    share: float
    name: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepGroup:
    """The sweeps of one setting on one task.

    ``floor`` is what one constant answer gets right, where accuracy under attack is drawn; ``recrafted`` the name of
    the perturbation that was crafted anew at each setting, where it is not the images that were attacked one by one.
    """

    quantity: str
    task: str
    sweeps: tuple[Sweep, ...]
    floor: Floor | None = None
    recrafted: str = ""

    @property
    def title(self) -> str:
        """What is changed."""
        said = TITLES.get(self.quantity, (self.quantity, ""))[0]
        return f"{said}: {self.recrafted} crafted anew" if self.recrafted else said

    @property
    def axis(self) -> str:
        """Its name and unit."""
        return TITLES.get(self.quantity, ("", self.quantity))[1]

    @property
    def settings(self) -> tuple[float, ...]:
        """Every value of the setting that was tried, rising."""
        return tuple(sorted({setting for sweep in self.sweeps for setting, _ in sweep.points}))

    def place(self, setting: float) -> float:
        """Where a setting stands on the axis: as it is, or by its logarithm where the settings lie far apart.

        By log2(1 + setting) where 0 is among them.
        """
        positive = [value for value in self.settings if value > 0]
        wide = bool(positive) and max(positive) >= _WIDE * min(positive)
        if not wide:
            return setting
        return math.log2(setting) if min(self.settings) > 0 else math.log2(1 + setting)


def sweep_groups(report: AuditReport, task: str) -> tuple[SweepGroup, ...]:
    """The charts of a task, in the order of ``TITLES``; a perturbation crafted anew has charts of its own."""
    mine = [sweep for sweep in report.sweeps if sweep.task == task and sweep.points]
    universal = {attack.key: attack.name for attack in report.attacks}
    known = dict.fromkeys([*TITLES, *(sweep.quantity for sweep in mine)])
    found: dict[tuple[str, str], list[Sweep]] = {}
    for quantity in known:
        for sweep in (sweep for sweep in mine if sweep.quantity == quantity):
            recrafted = universal.get(sweep.attack, "") if quantity in _OF_ATTACKS else ""
            found.setdefault((quantity, recrafted), []).append(sweep)
    return tuple(
        SweepGroup(
            quantity=quantity,
            task=task,
            sweeps=tuple(sweeps),
            floor=floor_of(report, task) if quantity in _OF_ATTACKS else None,
            recrafted=recrafted,
        )
        for (quantity, recrafted), sweeps in found.items()
    )


def swept_tasks(report: AuditReport) -> tuple[str, ...]:
    """The tasks with sweeps, those whose attacks were swept first."""
    aimed = [sweep.task for sweep in report.sweeps if sweep.quantity in _OF_ATTACKS]
    return tuple(dict.fromkeys([*aimed, *(sweep.task for sweep in report.sweeps)]))


def attack_sweeps(report: AuditReport) -> tuple[str, ...]:
    """The tasks on which the attack's own settings were swept."""
    return tuple(dict.fromkeys(sweep.task for sweep in report.sweeps if sweep.quantity in _OF_ATTACKS))


def floor_of(report: AuditReport, task: str) -> Floor | None:
    """What an answer that never changes gets right of a task's test images; of older reports one class of so many."""
    data = next((data for data in report.data if data.key == task), None)
    if data is None or data.classes < 2:
        return None
    test = data.counts.get("test", 0)
    if data.largest_class is not None and test:
        share = data.largest_class / test
        told = f"{data.largest_class:,} of {test:,} test images, {100 * share:.1f} %"
        return Floor(share, "Largest class", f"{told}: what one answer for every image gets right.")
    name = f"1 of {data.classes} classes"
    hint = "What guessing gets right; this report does not say how large its classes are."
    return Floor(1 / data.classes, name, hint)
