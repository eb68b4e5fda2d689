"""The detector on one task: thresholds from the calibration split, rates from the test split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN, Answers
from zepad_engine.evidence import Rate
from zepad_engine.findings import Detection, Levels
from zepad_engine.metrics import auroc, rate_of, roc_points, threshold_for
from zepad_engine.plan import Detector

Scores = NDArray[np.float64]

# Thresholds told: this many spread evenly over the ranks of all scores, and as many of the highest clean ones, where
# a detector is set. More would double a report and move no threshold by a whole image of a hundred.
_SPREAD: Final = 160
_HIGHEST: Final = 40


def scores_of(answers: Answers, condition: str, fitted: FittedDefence, plan: Detector) -> Scores:
    """Detection scores (N,) of a condition, by a defence that has a detector."""
    found = fitted.score(answers.stacked(fitted.defence.branches, condition), plan)
    assert found is not None
    scores: Scores = found.numpy()
    return scores


def threshold_of(answers: Answers, fitted: FittedDefence, plan: Detector) -> float:
    """The score that ``target_fpr`` of the calibration images exceed; infinite where a defence has no detector."""
    if fitted.score(answers.stacked(fitted.defence.branches, CALIBRATION), plan) is None:
        return float("inf")
    return threshold_for(scores_of(answers, CALIBRATION, fitted, plan), plan.target_fpr)


def detections_of(answers: Answers, attacks: Sequence[str], fitted: FittedDefence, plan: Detector) -> list[Detection]:
    """What a defence's detector makes of each attack; the levels of all have the same thresholds."""
    scores = {condition: scores_of(answers, condition, fitted, plan) for condition in (CALIBRATION, CLEAN, *attacks)}
    also = (threshold_for(scores[CALIBRATION], plan.target_fpr), plan.margin)
    thresholds = thresholds_of(scores[CLEAN], [scores[attack] for attack in attacks], also)
    return [_detection(answers.task, attack, scores, plan, thresholds) for attack in attacks]


def _detection(
    task: str, attack: str, scores: Mapping[str, Scores], plan: Detector, thresholds: tuple[float, ...]
) -> Detection:
    calibration, clean, moved = scores[CALIBRATION], scores[CLEAN], scores[attack]
    threshold = threshold_for(calibration, plan.target_fpr)
    return Detection(
        task=task,
        attack=attack,
        confidence=plan.confidence,
        aggregation=plan.aggregation,
        auroc=auroc(clean, moved),
        threshold=threshold,
        target_fpr=plan.target_fpr,
        calibration_n=len(calibration),
        achieved_fpr=rate_of(clean > threshold),
        tpr=rate_of(moved > threshold),
        fpr_at_1=_share_at(calibration, clean, 0.01),
        tpr_at_1=_share_at(calibration, moved, 0.01),
        fpr_at_5=_share_at(calibration, clean, 0.05),
        tpr_at_5=_share_at(calibration, moved, 0.05),
        margin=plan.margin,
        margin_fpr=rate_of(clean > plan.margin),
        margin_tpr=rate_of(moved > plan.margin),
        roc=roc_points(clean, moved),
        levels=levels_of(clean, moved, thresholds),
    )


def thresholds_of(clean: Scores, moved: Sequence[Scores], also: tuple[float, ...] = ()) -> tuple[float, ...]:
    """Some 200 thresholds in rising order for clean scores (N,) and those under each attack; ``also`` are among them.

    The first lies below every score.
    """
    known = np.unique(np.concatenate([clean, *moved]))
    spread = known[np.unique(np.linspace(0, len(known) - 1, _SPREAD).astype(int))]
    chosen = np.concatenate([spread, np.unique(clean)[-_HIGHEST:]]).round(6)
    return tuple(np.unique(np.concatenate([[known[0] - 1e-5], chosen, also])).tolist())


def levels_of(clean: Scores, moved: Scores, thresholds: tuple[float, ...]) -> Levels:
    """How many clean (N,) and perturbed (M,) scores exceed each threshold."""
    return Levels(
        thresholds=thresholds,
        clean_above=tuple(int((clean > threshold).sum()) for threshold in thresholds),
        perturbed_above=tuple(int((moved > threshold).sum()) for threshold in thresholds),
        clean_n=len(clean),
        perturbed_n=len(moved),
    )


def _share_at(calibration: Scores, scores: Scores, target_fpr: float) -> Rate:
    return rate_of(scores > threshold_for(calibration, target_fpr))
