"""Every number of an audit beside what it came out as this time: equal, within the stated tolerance, or different."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from zepad_engine.findings import AuditReport
from zepad_engine.plan import AuditPlan, set_name
from zepad_engine.report.measured import Row, measured_rows

Verdict: TypeAlias = Literal["equal", "within", "different", "missing"]

# For what has no interval of its own: losses, confidences, sizes.
RELATIVE: Final = 0.05
TOLERANCE: Final = (
    "Within tolerance: a rate inside the 95 % interval the audit gave it; a number without an interval no more than"
    f" {100 * RELATIVE:g} per cent away."
)


class Verdicted(msgspec.Struct, frozen=True, kw_only=True):
    """One number: where it stands, what the audit said, what came out now."""

    place: str
    before: float
    now: float | None
    verdict: Verdict


def verdicts(before: AuditReport, now: AuditReport, tables: Collection[str] | None = None) -> Iterator[Verdicted]:
    """A verdict for each number of ``before``, of some tables only where they are named."""
    names = _renamed(now.plan, before.plan)
    again = {_place(row, names): row for row in measured_rows(now)}
    for row in measured_rows(before):
        if tables is None or row.table in tables:
            found = again.get(_place(row, {}))
            value = found.value if found is not None else None
            yield Verdicted(place=_place(row, {}), before=row.value, now=value, verdict=_verdict(row, value))


def _renamed(now: AuditPlan, before: AuditPlan) -> dict[str, str]:
    """Names of image sets now to names then: the same sets, in the same order."""
    pairs = zip((now.local_set, *now.tasks), (before.local_set, *before.tasks), strict=False)
    return {set_name(mine): set_name(theirs) for mine, theirs in pairs}


def _place(row: Row, names: dict[str, str]) -> str:
    parts = (row.table, row.quantity, row.defence, row.branch, row.attack, names.get(row.task, row.task), row.setting)
    return " / ".join(part for part in parts if part)


def _verdict(row: Row, now: float | None) -> Verdict:
    if now is None:
        return "missing"
    if now == row.value or (math.isnan(now) and math.isnan(row.value)):
        return "equal"
    if row.low is not None and row.high is not None:
        return "within" if row.low <= now <= row.high else "different"
    return "within" if math.isclose(now, row.value, rel_tol=RELATIVE) else "different"
