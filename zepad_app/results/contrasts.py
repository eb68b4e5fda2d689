"""What the dumbbells compare: undefended and ZePAD per task, clean and attacked, with the two control rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport, Cell

CONTROLS: Final = ("clean_ensemble", "random_encoder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One dumbbell: a task, clean or attacked, from undefended to ZePAD."""

    task: str
    attacked: bool
    undefended: Rate
    zepad: Rate
    controls: dict[str, Rate] = field(default_factory=dict)

    @property
    def gain(self) -> float:
        """ZePAD minus undefended, -1 to 1."""
        return self.zepad.value - self.undefended.value


def tasks_of(report: AuditReport) -> tuple[str, ...]:
    """The tasks of a report in the order of their cells."""
    return tuple(dict.fromkeys(cell.task for cell in report.cells))


def attacks_of(report: AuditReport) -> tuple[str, ...]:
    """The attacks of a report in the order of their cells, without the clean row."""
    return tuple(dict.fromkeys(cell.attack for cell in report.cells if cell.attack != "none"))


def worst_attack(report: AuditReport) -> str:
    """The attack that leaves the undefended encoder the least accuracy on average, or "" if none was run."""
    left: dict[str, list[float]] = {}
    for cell in report.cells:
        if cell.defence == "undefended" and cell.attack != "none" and cell.ra is not None:
            left.setdefault(cell.attack, []).append(cell.ra.value)
    return min(left, key=lambda key: sum(left[key]) / len(left[key]), default="")


def contrasts(report: AuditReport, attack: str) -> tuple[Contrast, ...]:
    """Two dumbbells per task, clean above attacked; a task without both systems is left out."""
    found = []
    for task in tasks_of(report):
        for attacked in (False, True):
            rates = _rates(report, task, attack, attacked=attacked)
            if "undefended" in rates and "zepad" in rates:
                found.append(
                    Contrast(
                        task=task,
                        attacked=attacked,
                        undefended=rates["undefended"],
                        zepad=rates["zepad"],
                        controls={key: rates[key] for key in CONTROLS if key in rates},
                    )
                )
    return tuple(found)


def _rates(report: AuditReport, task: str, attack: str, *, attacked: bool) -> dict[str, Rate]:
    found: dict[str, Rate] = {}
    for cell in report.cells:
        rate = _rate(cell, attack, attacked=attacked) if cell.task == task else None
        if rate is not None:
            found.setdefault(cell.defence, rate)
    return found


def _rate(cell: Cell, attack: str, *, attacked: bool) -> Rate | None:
    # Clean accuracy stands in the clean row, or in every row of an older run; the first one found counts.
    return (cell.ra if cell.attack == attack else None) if attacked else cell.ba
