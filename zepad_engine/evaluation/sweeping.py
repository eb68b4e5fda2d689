"""ZePAD's own settings changed one at a time, from stored logits: the sharpness k and the detector's margin."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import Zepad
from zepad_engine.evaluation.accuracy import rate
from zepad_engine.evaluation.answers import CLEAN, NO_ATTACK, Answers
from zepad_engine.evaluation.detection import scores_of
from zepad_engine.evidence import Rate, Sweep
from zepad_engine.metrics import rate_of
from zepad_engine.plan import Detector

SHARPNESSES: Final = tuple(range(9))
MARGINS: Final = tuple(step / 20 for step in range(11))


def sweeps_of(answers: Answers, fitted: FittedDefence, attacks: Sequence[str], plan: Detector) -> list[Sweep]:
    """k from 0 to 8 and the margin from 0 to 0.5, without attack and under the attack with the lowest accuracy.

    ``fitted`` holds a `Zepad`; k is swept with confidence fusion. Which attack counts is decided at the plan's own
    settings. The detector keeps the plan's k while its margin moves.
    """
    hardest = [min(attacks, key=lambda attack: _accuracy(answers, fitted, attack).value)] if attacks else []
    found = []
    for condition in (CLEAN, *hardest):
        accuracies = tuple((float(k), _accuracy(answers, _with_k(fitted, k), condition)) for k in SHARPNESSES)
        scores = scores_of(answers, condition, fitted, plan)
        flagged = tuple((margin, rate_of(scores > margin)) for margin in MARGINS)
        clean = condition == CLEAN
        for quantity, named, points in (
            ("k", "benign accuracy" if clean else "robust accuracy", accuracies),
            ("margin", "false alarms" if clean else "detected", flagged),
        ):
            found.append(
                Sweep(
                    quantity=quantity,
                    rate=named,
                    attack=NO_ATTACK if clean else condition,
                    defence=fitted.identity,
                    task=answers.task,
                    points=points,
                )
            )
    return found


def _with_k(fitted: FittedDefence, k: float) -> FittedDefence:
    assert isinstance(fitted.defence, Zepad)
    return dataclasses.replace(fitted, defence=dataclasses.replace(fitted.defence, fusion="confidence", k=k))


def _accuracy(answers: Answers, fitted: FittedDefence, condition: str) -> Rate:
    return rate(answers.predictions(fitted, condition) == answers.labels)
