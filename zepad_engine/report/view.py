"""An AuditReport arranged for the page: which numbers stand beside which; no wording and no HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from zepad_engine.evidence import Attribution, Rate
from zepad_engine.findings import AuditReport, Average, BranchFinding, Cell, Example
from zepad_engine.plan import SAMPLE_PREFIX
from zepad_engine.report import wording
from zepad_engine.report.attacked import mean_if_all, worst_case
from zepad_engine.report.dumbbells import DRAWN, Row
from zepad_engine.report.wording import HEADLINE_DEFENCES, NO_ATTACK, Meaning

Item = TypeVar("Item")

_WITHHELD = "No verdict"
_CONDITIONS = {NO_ATTACK: "Clean images", "worst": "Worst universal attack for each image"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One defence in a table: clean accuracy, the worst universal attack per image, then per attack what it does."""

    defence: str
    clean: Rate | None
    worst: Rate | None
    robust: tuple[Rate | None, ...]
    changed: tuple[Rate | None, ...]
    turned_wrong: tuple[Rate | None, ...] = ()


class View:
    """The report's numbers by task, defence and attack, each in order of first appearance."""

    def __init__(self, report: AuditReport) -> None:
        self.report = report

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Keys of the downstream tasks."""
        return _in_order(cell.task for cell in self.report.cells)

    @cached_property
    def attacks(self) -> tuple[str, ...]:
        """Keys of the attacks, without the clean row."""
        return _in_order(cell.attack for cell in self.report.cells if cell.attack != NO_ATTACK)

    @cached_property
    def defences(self) -> tuple[str, ...]:
        """Keys of the defences."""
        return _in_order(cell.defence for cell in self.report.cells)

    @cached_property
    def unseen_tasks(self) -> tuple[str, ...]:
        """Tasks the defender did not tune on."""
        return _in_order(task for average in self.report.averages if average.unseen for task in average.tasks)

    @cached_property
    def verdict(self) -> tuple[str, str]:
        """The verdict, and what is said right below it: where a light is red there is none, but the reason."""
        said = self.report.summary.verdict
        if not any(light.colour == "red" for light in self.report.lights):
            return said, ""
        return _WITHHELD, said.removeprefix(f"{_WITHHELD}: ")

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples of the first attack: those of all would be too many for a page."""
        shown = next((example.attack for example in self.report.examples), "")
        return tuple(example for example in self.report.examples if example.attack == shown)

    def attribution(self, example: Example) -> Attribution | None:
        """The maps of an example, where there are any."""
        place = (example.task, example.attack, example.index)
        return next((maps for maps in self.report.attributions if (maps.task, maps.attack, maps.index) == place), None)

    @property
    def attribution_words(self) -> str:
        """How the maps of the examples were made and are drawn; empty where there are none."""
        method = next((maps.method for maps in self.report.attributions), "")
        what = wording.ATTRIBUTIONS.get(method, method)
        return (
            f"The maps under an example, one for each branch, are of the perturbed image and tell {what}: black is 0,"
            " the brightest the value named below the map, half a percent of the pixels lying above it."
            if method
            else ""
        )

    def attack_parts(self, most: int) -> tuple[tuple[tuple[int, str], ...], ...]:
        """The attacks with their places, ``most`` to a table; one part without any where there is none."""
        placed = tuple(enumerate(self.attacks))
        return tuple(placed[start : start + most] for start in range(0, len(placed), most)) or ((),)

    def defence(self, key: str) -> Meaning:
        """How a defence is named and drawn; the report's own name for it comes first."""
        look = wording.defence(key)
        found = next((defence.name for defence in self.report.defences if defence.key == key), "")
        suffix = key.partition("-")[2]
        name = f"{found} ({suffix})" if found and suffix and suffix not in found else found
        return replace(look, name=name or look.name)

    def defence_name(self, key: str) -> str:
        """What a defence is called."""
        return self.defence(key).name

    def attack_name(self, key: str) -> str:
        """What the attack is called, on an encoder or on a system."""
        if key in _CONDITIONS:
            return _CONDITIONS[key]
        on_systems = {found.attack: found.name for found in self.report.adaptive}
        return {**on_systems, **{attack.key: attack.name for attack in self.report.attacks}}.get(key, key)

    def condition_name(self, key: str) -> str:
        """What was done to images that are no attack, or the set they come from."""
        return wording.CONDITIONS.get(key) or f"Other images: {self.task_name(key)}"

    def task_name(self, key: str) -> str:
        """What the task's image set is called."""
        bare = key.removeprefix(SAMPLE_PREFIX)
        return next((data.name for data in self.report.data if data.key.removeprefix(SAMPLE_PREFIX) == bare), key)

    def task_names(self, keys: tuple[str, ...]) -> str:
        """Several tasks' names, for a sentence."""
        names = [self.task_name(key) for key in keys]
        return ("; " if any("," in name for name in names) else ", ").join(names)

    def headline(self, *, unseen: bool) -> tuple[Line, ...]:
        """Means over tasks of the defences that decide what ZePAD is worth."""
        averages = [average for average in self.report.averages if average.unseen == unseen]
        present = _in_order(average.defence for average in averages)
        return tuple(self._average_line(averages, key) for key in HEADLINE_DEFENCES if key in present)

    def averaged_tasks(self, *, unseen: bool) -> tuple[str, ...]:
        """The tasks the headline means are taken over."""
        return _in_order(task for average in self.report.averages if average.unseen == unseen for task in average.tasks)

    def task_lines(self, task: str) -> tuple[Line, ...]:
        """Every defence on one task."""
        cells = [cell for cell in self.report.cells if cell.task == task]
        return tuple(self._task_line(cells, key) for key in self.defences)

    def dumbbells(self, attack: str) -> tuple[Row, ...]:
        """Robust accuracy of the drawn defences on each task."""
        return tuple(self._dumbbell(task, attack) for task in self.tasks)

    def branch_tables(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The defence whose branches are shown, with the tasks known of it; the others stand in report.json."""
        known = _in_order(found.defence for found in self.report.branches)
        shown = "zepad" if "zepad" in known else next(iter(known), "")
        tasks = _in_order(found.task for found in self.report.branches if found.defence == shown)
        return ((shown, tasks),) if shown else ()

    def branch_rows(self, defence: str, task: str) -> tuple[tuple[str, tuple[BranchFinding | None, ...]], ...]:
        """For each branch its findings on clean images and under each attack."""
        mine = [found for found in self.report.branches if found.defence == defence and found.task == task]
        columns = (NO_ATTACK, *self.attacks)
        return tuple(
            (
                branch,
                tuple(
                    _first(found for found in mine if (found.branch, found.attack) == (branch, column))
                    for column in columns
                ),
            )
            for branch in _in_order(found.branch for found in mine)
        )

    def _average_line(self, averages: list[Average], defence: str) -> Line:
        mine = {average.attack: average for average in averages if average.defence == defence}
        attacks = [mine.get(attack) for attack in self.attacks]
        return Line(
            defence=defence,
            clean=_first(average.ba for average in mine.values() if average.ba is not None),
            worst=mean_if_all([self._worst(defence, task) for task in averages[0].tasks]),
            robust=tuple(average.ra if average else None for average in attacks),
            changed=tuple(average.asr if average else None for average in attacks),
        )

    def _task_line(self, cells: list[Cell], defence: str) -> Line:
        mine = {cell.attack: cell for cell in cells if cell.defence == defence}
        attacks = [mine.get(attack) for attack in self.attacks]
        return Line(
            defence=defence,
            clean=_first(cell.ba for cell in mine.values() if cell.ba is not None),
            worst=self._worst(defence, cells[0].task),
            robust=tuple(cell.ra if cell else None for cell in attacks),
            changed=tuple(cell.asr if cell else None for cell in attacks),
            turned_wrong=tuple(cell.asr_of_correct if cell else None for cell in attacks),
        )

    def _worst(self, defence: str, task: str) -> Rate | None:
        case = worst_case(self.report, "universal", defence, task)
        return case.accuracy if case else None

    def _dumbbell(self, task: str, attack: str) -> Row:
        lines = {line.defence: line for line in self.task_lines(task)}
        column = self.attacks.index(attack)
        robust = {key: lines[key].robust[column] for key in DRAWN if key in lines}
        clean = lines["undefended"].clean if "undefended" in lines else None
        return Row(
            name=self.task_name(task),
            robust={key: rate for key, rate in robust.items() if rate is not None},
            clean=clean,
        )


def _in_order(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


def _first(items: Iterable[Item]) -> Item | None:
    return next(iter(items), None)
