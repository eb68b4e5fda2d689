"""ZePAD beside what it is made of: each system's clean and robust accuracy, and the paired difference. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from zepad_app.results.wording import defence_name
from zepad_engine.evidence import Pair, Rate
from zepad_engine.findings import AuditReport

# Two scopes beside the tasks themselves.
UNSEEN, ALL = "\0unseen", "\0all"
# From the whole to its parts, then the controls; whatever else a plan names follows.
_ORDER: Final = (
    "zepad",
    "zepad_no_bmp",
    "zepad_no_mpae",
    "zepad_one_tuned",
    "mean_fusion",
    "entropy_fusion",
    "tuned_ensemble",
    "tuned_victim",
    "clean_ensemble",
    "random_encoder",
    "undefended",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One system; ``against`` is ZePAD minus this system on the same images, where a single task is looked at."""

    defence: str
    name: str
    clean: Rate | None
    robust: Rate | None
    against: Pair | None = None


def parts_of(report: AuditReport, attack: str, scope: str) -> tuple[Part, ...]:
    """Every system under an attack, on a task or as the mean over tasks; without a robust rate it is left out."""
    found = []
    for defence in _ordered(report):
        clean, robust = _rates(report, defence, attack, scope)
        if robust is not None:
            name = defence_name(defence, report)
            pair = _pair(report, defence, attack, scope)
            found.append(Part(defence=defence, name=name, clean=clean, robust=robust, against=pair))
    return tuple(found)


def scopes_of(report: AuditReport) -> tuple[str, ...]:
    """The means there are, then the tasks."""
    means = [UNSEEN] if any(mean.unseen for mean in report.averages) else []
    means += [ALL] if any(not mean.unseen for mean in report.averages) else []
    return (*means, *dict.fromkeys(cell.task for cell in report.cells))


def _ordered(report: AuditReport) -> list[str]:
    known = list(dict.fromkeys(cell.defence for cell in report.cells))

    def place(defence: str) -> tuple[int, int]:
        base = defence.partition("-")[0]
        return _ORDER.index(base) if base in _ORDER else len(_ORDER), known.index(defence)

    return sorted(known, key=place)


def _rates(report: AuditReport, defence: str, attack: str, scope: str) -> tuple[Rate | None, Rate | None]:
    if scope in (UNSEEN, ALL):
        means = [m for m in report.averages if m.defence == defence and m.unseen is (scope == UNSEEN)]
        clean = next((mean.ba for mean in means if mean.ba is not None), None)
        return clean, next((mean.ra for mean in means if mean.attack == attack), None)
    cells = [cell for cell in report.cells if (cell.defence, cell.task) == (defence, scope)]
    clean = next((cell.ba for cell in cells if cell.ba is not None), None)
    return clean, next((cell.ra for cell in cells if cell.attack == attack), None)


def _pair(report: AuditReport, defence: str, attack: str, scope: str) -> Pair | None:
    wanted = ("zepad", defence, scope, attack)
    return next((pair for pair in report.pairs if (pair.a, pair.b, pair.task, pair.attack) == wanted), None)
