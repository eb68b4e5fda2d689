"""A comparison of two invented audits: less budget, and better rates in the second. Nothing here is measured."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.support.audit_pair import store_audit
from tests.support.sample_report import sample_report
from zepad_engine.comparing.compare import compare
from zepad_engine.comparison import Comparison
from zepad_engine.evidence import Rate
from zepad_engine.metrics import wilson

replace = msgspec.structs.replace


def _raised(rate: Rate | None, points: float) -> Rate | None:
    return rate and wilson(round(min(1.0, rate.value + points / 100) * rate.n), rate.n)


def store_two(root: Path) -> tuple[Path, Path]:
    """Two run folders: the sample report, and one whose undefended encoder and ZePAD do better under every attack."""
    report = sample_report()
    gains = {"undefended": 14.0, "zepad": 4.0}
    cells = tuple(replace(cell, ra=_raised(cell.ra, gains.get(cell.defence, 0.0))) for cell in report.cells)
    averages = tuple(replace(mean, ra=_raised(mean.ra, gains.get(mean.defence, 0.0))) for mean in report.averages)
    attacks = tuple(replace(attack, sha256=attack.sha256[::-1]) for attack in report.attacks)
    plan = replace(report.plan, epsilon_255=8.0, seed=1, tuning=replace(report.plan.tuning, epochs=12))
    other = replace(report, run="second", plan=plan, cells=cells, averages=averages, attacks=attacks)
    first = store_audit(root / "20261120-101500-first", report)
    return first, store_audit(root / "20261122-101500-second", other)


def sample_comparison(root: Path) -> Comparison:
    """The comparison of these two."""
    return compare(*store_two(root))
