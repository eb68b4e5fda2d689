"""The report's verdict, and the few figures it rests on, from the report's own means. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from zepad_app.results.wording import attack_name, percent, task_name, unbroken
from zepad_app.tokens import Meaning
from zepad_engine.evidence import Rate, WorstCase
from zepad_engine.findings import AuditReport, Average

# Attacks that need nothing but what is public, as the engine's verdict counts them.
_PUBLIC: Final = frozenset({"victim", "auxiliary", "public_pair", "elsewhere"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number to be seen from afar: itself, its unit or interval, what it is of, and what it rests on."""

    number: str
    beside: str
    about: str
    basis: str
    meaning: Meaning
    rate: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The sentence; ``figures`` are empty where the report lacks what they are made of."""

    sentence: str
    figures: tuple[Figure, ...] = ()


def headline_of(report: AuditReport) -> Headline:
    """The report's verdict, with figures where it has what they are made of."""
    attack = headline_attack(report)
    undefended, zepad = (_mean(report, defence, attack) for defence in ("undefended", "zepad"))
    figures: list[Figure] = []
    if undefended is not None and undefended.ba is not None and undefended.ra is not None:
        figures.append(_fall(report, undefended, attack))
        if zepad is not None and zepad.ra is not None:
            figures.append(_kept(zepad.ra))
            attacked = attacked_itself(report)
            figures += [_attacked(report, attacked)] if attacked is not None else []
    return Headline(sentence=report.summary.verdict, figures=tuple(figures))


def headline_attack(report: AuditReport) -> str:
    """The attack on the public encoder that leaves it least, or the strongest of all where none is public."""
    public = [a.key for a in report.attacks if a.origin in _PUBLIC and not a.is_control]
    left = {key: _mean(report, "undefended", key) for key in public or [a.key for a in report.attacks]}
    known = {key: mean.ra.value for key, mean in left.items() if mean is not None and mean.ra is not None}
    return min(known, key=lambda key: known[key], default="")


def attacked_itself(report: AuditReport) -> WorstCase | None:
    """ZePAD on the task where it keeps least once each image meets the worst of all attacks, those on itself too."""
    cases = [case for case in report.worst if (case.scope, case.defence) == ("all", "zepad")]
    return min(cases, key=lambda case: case.accuracy.value, default=None)


def _mean(report: AuditReport, defence: str, attack: str) -> Average | None:
    """Over the tasks the defender did not tune on, or over all where it tuned on every one."""
    mine = [mean for mean in report.averages if (mean.defence, mean.attack) == (defence, attack)]
    return next((mean for mean in mine if mean.unseen), mine[0] if mine else None)


def _fall(report: AuditReport, undefended: Average, attack: str) -> Figure:
    assert undefended.ba is not None
    assert undefended.ra is not None
    lost = 100 * (undefended.ba.value - undefended.ra.value)
    return Figure(
        number=f"{-lost:+.1f}".replace("-", "\N{MINUS SIGN}"),
        beside="points",
        about=f"undefended, under {attack_name(report, attack)}",
        basis=f"from {_told(undefended.ba)} to {_told(undefended.ra)}, {_n(undefended.ra)}",
        meaning="undefended",
        rate=undefended.ra,
    )


def _kept(kept: Rate) -> Figure:
    return Figure(
        number=percent(kept.value),
        beside=_range(kept),
        about="ZePAD, under the same perturbation",
        basis=f"{_n(kept)}, mean of the same tasks",
        meaning="fused",
        rate=kept,
    )


def _attacked(report: AuditReport, case: WorstCase) -> Figure:
    return Figure(
        number=percent(case.accuracy.value),
        beside=_range(case.accuracy),
        about="ZePAD, attacked itself",
        basis=f"{_n(case.accuracy)} of {task_name(report, case.task)}, each under its worst attack",
        meaning="adversarial",
        rate=case.accuracy,
    )


def _told(rate: Rate) -> str:
    return unbroken(f"{percent(rate.value)} {_range(rate)}")


def _range(rate: Rate) -> str:
    return unbroken(f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]")


def _n(rate: Rate) -> str:
    # No line may end between the sign and its number.
    return f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{rate.n:,}"
