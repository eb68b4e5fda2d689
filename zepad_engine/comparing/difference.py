"""One difference: paired on the same images where both audits kept the answers, else of independent samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zepad_engine.comparing.significance import fisher, interval_of_difference
from zepad_engine.comparison import About, Difference, Measure
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport
from zepad_engine.metrics import Flags, mcnemar, paired_difference, rate_of


@dataclass(frozen=True, slots=True)
class Audit:
    """A finished audit: where it lies and what it reported."""

    folder: Path
    report: AuditReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a difference is of."""

    about: About
    measure: Measure
    task: str
    attack: str
    defence: str
    same_attack: bool = True


def paired(subject: Subject, first: Flags, second: Flags) -> Difference:
    """Of yes and no on the same images, (N,) each."""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    difference, low, high = paired_difference(only_second, only_first, len(first))
    return Difference(
        **_told(subject),
        first=rate_of(first),
        second=rate_of(second),
        paired=True,
        difference=difference,
        low=low,
        high=high,
        only_first=only_first,
        only_second=only_second,
        p=mcnemar(only_first, only_second),
    )


def independent(subject: Subject, first: Rate, second: Rate) -> Difference:
    """Of two rates of other images; an AUROC is no share of images, so it has an interval and no exact test."""
    low, high = interval_of_difference(first, second)
    counts = (round(first.value * first.n), round(second.value * second.n))
    return Difference(
        **_told(subject),
        first=first,
        second=second,
        paired=False,
        difference=second.value - first.value,
        low=low,
        high=high,
        p=None if subject.measure == "AUROC" else fisher(counts, (first.n, second.n)),
    )


def best(subject: Subject, rates: tuple[Rate, Rate], flags: tuple[Flags, Flags] | None) -> Difference:
    """Paired if both audits' answers to the same images are known."""
    return independent(subject, *rates) if flags is None else paired(subject, *flags)


def _told(subject: Subject) -> dict[str, Any]:
    return {name: getattr(subject, name) for name in Subject.__slots__}
