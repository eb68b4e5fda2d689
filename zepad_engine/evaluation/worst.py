"""What each image came to under each attack, and the worst case over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.evaluation.answers import CLEAN, Answers
from zepad_engine.evaluation.detection import scores_of, threshold_of
from zepad_engine.evidence import WorstCase
from zepad_engine.metrics import Flags, rate_of
from zepad_engine.plan import Detector


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Which of N test images a system answers wrongly, and which it flags (None without a detector); each (N,)."""

    wrong: Flags
    flagged: Flags | None

    def at(self, rows: Tensor) -> Verdicts:
        """Those of some of the images, int64 (M,)."""
        index = rows.numpy()
        return Verdicts(self.wrong[index], None if self.flagged is None else self.flagged[index])


def verdicts_of(answers: Answers, fitted: FittedDefence, attacks: Iterable[str], plan: Detector) -> dict[str, Verdicts]:
    """The verdicts of one defence on all test images: "clean" first, then each attack in order.

    An image is flagged above the threshold set on the calibration images for ``target_fpr``.
    """
    threshold = threshold_of(answers, fitted, plan)
    found = {}
    for condition in (CLEAN, *attacks):
        wrong: Flags = (answers.predictions(fitted, condition) != answers.labels).numpy()
        scored = math.isfinite(threshold)
        flagged: Flags | None = scores_of(answers, condition, fitted, plan) > threshold if scored else None
        found[condition] = Verdicts(wrong, flagged)
    return found


def wrong_in_any(verdicts: Iterable[Verdicts]) -> Flags:
    """Which images are answered wrongly at least once, (N,)."""
    wrong: Flags = np.any([each.wrong for each in verdicts], axis=0)
    return wrong


def worst_case(
    scope: Literal["universal", "all"], fitted: FittedDefence, task: str, verdicts: Mapping[str, Verdicts]
) -> WorstCase:
    """Each image under the attack that is worst for it.

    ``verdicts`` hold "clean" too, all on the same images: what is wrong without any attack is wrong in the worst case.
    """
    evaded = [each.wrong & ~each.flagged for each in verdicts.values() if each.flagged is not None]
    return WorstCase(
        scope=scope,
        defence=fitted.identity,
        task=task,
        attacks=tuple(name for name in verdicts if name != CLEAN),
        accuracy=rate_of(~wrong_in_any(verdicts.values())),
        evaded=rate_of(np.any(evaded, axis=0)) if len(evaded) == len(verdicts) else None,
    )
