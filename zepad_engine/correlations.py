"""Do label-free measures tell the accuracy drop? Their rank correlation over attacks and tasks. Torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from zepad_engine.evidence import FeatureShift, RankCorrelation
from zepad_engine.metrics import spearman

# Of three pairs every order is so likely that p cannot fall below a third.
_FEWEST_PAIRS: Final = 4
_BRANCH: Final = "victim"

MEASURES: Final[Mapping[str, Callable[[FeatureShift], float]]] = MappingProxyType(
    {
        "cosine_shift": lambda shift: shift.cosine_shift,
        "neighbour_overlap": lambda shift: shift.neighbour_overlap,
        "effective_rank": lambda shift: shift.rank_moved / max(shift.rank_clean, 1e-12),
        "cluster_fooling": lambda shift: shift.cluster_fooling.value,
    }
)


def correlations_of(shifts: Iterable[FeatureShift]) -> tuple[RankCorrelation, ...]:
    """Spearman's rho of each measure and the accuracy drop, over every attack and task of the victim.

    A measure or a drop that never changes has none, nor have fewer than four pairs. "effective_rank" is the rank under
    attack over the rank before. The p takes the pairs as independent, which those of one attack or of one task are
    not: in truth it is larger.
    """
    pairs = [shift for shift in shifts if shift.branch == _BRANCH]
    drops = np.array([shift.accuracy_drop for shift in pairs])
    found = []
    for measure, value in MEASURES.items():
        values = np.array([value(shift) for shift in pairs])
        if len(pairs) < _FEWEST_PAIRS or np.ptp(values) == 0 or np.ptp(drops) == 0:
            continue
        rho, p = spearman(values, drops)
        found.append(RankCorrelation(measure=measure, rho=rho, n=len(pairs), p=p))
    return tuple(found)
