"""Is one defence better than another? The same images through both, and McNemar's exact test."""

from __future__ import annotations

from collections.abc import Mapping

from zepad_engine.evaluation.answers import CLEAN, NO_ATTACK
from zepad_engine.evaluation.worst import Verdicts, wrong_in_any
from zepad_engine.evidence import Pair
from zepad_engine.metrics import Flags, mcnemar, paired_difference

WORST = "worst"


def pairs_of(task: str, verdicts: Mapping[str, Mapping[str, Verdicts]], first: str) -> list[Pair]:
    """The defence ``first`` against every other one: without attack, under each attack, in the worst case of all.

    ``verdicts`` are those of each defence by identity, under the same conditions and on the same images.
    """
    wrong = {identity: _conditions(found) for identity, found in verdicts.items()}
    return [
        _pair(task, attack, (first, wrong[first][attack]), (other, wrong[other][attack]))
        for other in wrong
        if other != first
        for attack in wrong[first]
    ]


def _conditions(verdicts: Mapping[str, Verdicts]) -> dict[str, Flags]:
    named = {NO_ATTACK if name == CLEAN else name: found.wrong for name, found in verdicts.items()}
    return {**named, WORST: wrong_in_any(verdicts.values())} if len(verdicts) > 1 else named


def _pair(task: str, attack: str, a: tuple[str, Flags], b: tuple[str, Flags]) -> Pair:
    n, only_a, only_b = len(a[1]), int((~a[1] & b[1]).sum()), int((a[1] & ~b[1]).sum())
    difference, low, high = paired_difference(only_a, only_b, n)
    return Pair(
        a=a[0],
        b=b[0],
        task=task,
        attack=attack,
        n=n,
        only_a=only_a,
        only_b=only_b,
        difference=difference,
        low=low,
        high=high,
        p=mcnemar(only_a, only_b),
    )
