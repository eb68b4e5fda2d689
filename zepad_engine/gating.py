"""Bounds an encoder must keep to pass a gate: judged on the side of the 95 % interval that is against the encoder.

A rate must not fall below a bound: the lower end of its interval is compared. It must not rise above one: the upper end
is. So a small sample fails where a large one with the same rate would pass. What was not measured fails, and so does a
system whose attacks have a red trust light.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias
from xml.etree import ElementTree

from zepad_engine.averages import headline
from zepad_engine.errors import BadInput
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport
from zepad_engine.report.attacked import remains
from zepad_engine.report.numbers import area_in_text, in_text
from zepad_engine.report.plain_text import plain
from zepad_engine.report.view import View

Side: TypeAlias = Literal["under", "over"]

_BOUND: Final = re.compile(r"([a-z]+)(?:@([A-Za-z0-9_-]+))?=(0(?:\.\d+)?|1(?:\.0+)?|\.\d+)")
_DEFENCE: Final = "zepad"


class Bound(NamedTuple):
    """One rule: fail if ``measure`` of a defence lies under (or over) ``value``, 0 to 1."""

    measure: str
    defence: str
    side: Side
    value: float

    @property
    def words(self) -> str:
        """As it was asked for."""
        return f"{self.measure} of {self.defence} not {self.side} {self.value:g}"


class Judged(NamedTuple):
    """What became of a bound, and why."""

    bound: Bound
    kept: bool
    why: str


def bound_from(text: str, side: Side) -> Bound:
    """Read ``ra=0.5`` or ``ra@undefended=0.3``; without a defence ZePAD is meant.

    Raises:
        BadInput: it is no bound.
    """
    found = _BOUND.fullmatch(text.strip())
    if found is None or found[1] not in MEASURES:
        raise BadInput(
            f"{plain(text)} is no bound.",
            f"Write MEASURE=SHARE or MEASURE@DEFENCE=SHARE, for example ra=0.5; measures: {', '.join(MEASURES)}.",
            code="gate.bound",
        )
    return Bound(found[1], found[2] or _DEFENCE, side, float(found[3]))


def judge(report: AuditReport, bounds: Iterable[Bound]) -> tuple[Judged, ...]:
    """Every bound against the figures of a report."""
    return tuple(_judge(report, bound) for bound in bounds)


def _judge(report: AuditReport, bound: Bound) -> Judged:
    red = [light for light in report.lights if light.colour == "red" and light.defence == bound.defence]
    if red:
        return Judged(bound, False, f"Its figures cannot be trusted: the check {red[0].name} is red.")
    named = _extreme(MEASURES[bound.measure](report, bound.defence), bound.side)
    if named is None:
        return Judged(bound, False, "It was not measured in this audit.")
    rate, where = named
    end = rate.low if bound.side == "under" else rate.high
    kept = end >= bound.value if bound.side == "under" else end <= bound.value
    which = "lower" if bound.side == "under" else "upper"
    shown = area_in_text(rate) if bound.measure == "auroc" else in_text(rate)
    compared = f"the {which} end of the 95 % interval, {end:.4f}, is compared with {bound.value:g}"
    return Judged(bound, kept, f"{shown}{where}; {compared}.")


_Named: TypeAlias = tuple[Rate, str]
_Measure: TypeAlias = Callable[[AuditReport, str], Iterator[_Named]]


def _extreme(found: Iterator[_Named], side: Side) -> _Named | None:
    """The one against the encoder: a bound must hold for each attack and task."""
    rates = list(found)
    if not rates:
        return None
    return min(rates, key=lambda each: each[0].low) if side == "under" else max(rates, key=lambda each: each[0].high)


def _clean(report: AuditReport, defence: str) -> Iterator[_Named]:
    average = headline(report.averages, defence, "none")
    if average is not None and average.ba is not None:
        yield average.ba, " on clean images, mean over tasks"


def _robust(report: AuditReport, defence: str) -> Iterator[_Named]:
    yield from _attacked(report, defence, "ra")


def _success(report: AuditReport, defence: str) -> Iterator[_Named]:
    yield from _attacked(report, defence, "asr")


def _attacked(report: AuditReport, defence: str, name: str) -> Iterator[_Named]:
    view = View(report)
    for attack in view.attacks:
        average = headline(report.averages, defence, attack)
        rate = getattr(average, name) if average is not None else None
        if rate is not None:
            yield rate, f" under {view.attack_name(attack)}, mean over tasks"


def _worst(report: AuditReport, defence: str) -> Iterator[_Named]:
    for left in remains(report):
        if left.defence == defence:
            yield left.accuracy, " where each image meets its worst attack, those on the system itself among them"


def _evaded(report: AuditReport, defence: str) -> Iterator[_Named]:
    for left in remains(report):
        if left.defence == defence and left.evaded is not None:
            yield left.evaded, " wrong and not flagged under at least one attack"


def _area(report: AuditReport, defence: str) -> Iterator[_Named]:
    if defence == _DEFENCE:
        view = View(report)
        for found in report.detection:
            yield found.auroc, f" on {view.task_name(found.task)} under {view.attack_name(found.attack)}"


def _alarms(report: AuditReport, defence: str) -> Iterator[_Named]:
    if defence == _DEFENCE:
        view = View(report)
        for found in report.detection:
            yield found.achieved_fpr, f" of clean images flagged on {view.task_name(found.task)}"


MEASURES: Final[dict[str, _Measure]] = {
    "ba": _clean,
    "ra": _robust,
    "asr": _success,
    "worst": _worst,
    "evaded": _evaded,
    "auroc": _area,
    "fpr": _alarms,
}


def junit(report: AuditReport, judged: tuple[Judged, ...]) -> bytes:
    """The bounds as test cases in JUnit's XML, which build servers read."""
    broken = sum(not each.kept for each in judged)
    suite = ElementTree.Element(
        "testsuite",
        name=_shown(f"ZePAD audit of {report.subject.name}"),
        tests=str(len(judged)),
        failures=str(broken),
        errors="0",
        skipped="0",
        time=f"{report.timings.get('wall', 0.0):.3f}",
        timestamp=_shown(report.created_utc),
    )
    for each in judged:
        case = ElementTree.SubElement(
            suite, "testcase", name=_shown(each.bound.words), classname="zepad.gate", time="0"
        )
        if each.kept:
            ElementTree.SubElement(case, "system-out").text = _shown(each.why)
        else:
            ElementTree.SubElement(case, "failure", message=_shown(each.why), type="bound")
    ElementTree.indent(suite)
    written = ElementTree.tostring(suite, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{written}\n'.encode()


def _shown(text: str) -> str:
    """Text without what XML has no sign for."""
    return re.sub(r"[^\t\n\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "\N{REPLACEMENT CHARACTER}", plain(text))
