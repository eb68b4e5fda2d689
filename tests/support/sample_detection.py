"""Detection findings of the sample report: binormal ROC curves of a given area."""

from __future__ import annotations

import math
from statistics import NormalDist

from tests.support.sample_rates import ATTACKS, AUROC, TASKS, rate
from zepad_engine.evidence import Rate
from zepad_engine.findings import Detection, Levels


def sample_detection() -> tuple[Detection, ...]:
    """Binormal ROC curves whose area is AUROC; the other attacks are a little closer to chance."""
    normal, found = NormalDist(), []
    for task, n in TASKS.items():
        for offset, attack in enumerate(ATTACKS):
            area = 0.5 + (AUROC[task] - 0.5) * (1 - 0.35 * offset)
            shift = math.sqrt(2) * normal.inv_cdf(area)

            def caught(share: float, shift: float = shift) -> float:
                return 1 - normal.cdf(normal.inv_cdf(1 - share) - shift)

            half = 0.55 / math.sqrt(n)
            points = tuple((x / 50, caught(x / 50)) for x in range(1, 50))
            found.append(
                Detection(
                    task=task,
                    attack=attack,
                    confidence="c",
                    aggregation="mean",
                    auroc=Rate(value=area, n=2 * n, low=area - half, high=min(1.0, area + half)),
                    threshold=0.62,
                    target_fpr=0.05,
                    calibration_n=300,
                    achieved_fpr=rate(0.048, n),
                    tpr=rate(caught(0.048), n),
                    fpr_at_1=rate(0.012, n),
                    tpr_at_1=rate(caught(0.01), n),
                    fpr_at_5=rate(0.048, n),
                    tpr_at_5=rate(caught(0.05), n),
                    margin=0.1,
                    margin_fpr=rate(0.31, n),
                    margin_tpr=rate(caught(0.31), n),
                    roc=((0.0, 0.0), *points, (1.0, 1.0)),
                    levels=_levels(n, shift),
                )
            )
    return tuple(found)


def _levels(n: int, shift: float) -> Levels:
    """Clean scores spread as 0.25 + 0.2 z, perturbed ones as much higher as the curve says."""
    normal = NormalDist()
    thresholds = tuple(round(-0.5 + step / 100, 2) for step in range(171))
    return Levels(
        thresholds=thresholds,
        clean_above=tuple(round(n * (1 - normal.cdf((t - 0.25) / 0.2))) for t in thresholds),
        perturbed_above=tuple(round(n * (1 - normal.cdf((t - 0.25) / 0.2 - shift))) for t in thresholds),
        clean_n=n,
        perturbed_n=n,
    )
