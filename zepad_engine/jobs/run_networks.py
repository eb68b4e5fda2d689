"""The networks of a finished run as the Inspect page asks them, kept in memory from question to question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from torch import nn

from zepad_engine.branches import ZEPAD, Branch
from zepad_engine.defences.fitted import FittedDefence
from zepad_engine.defences.fused import Zepad
from zepad_engine.encoders.reading import load_own
from zepad_engine.errors import BadInput
from zepad_engine.evaluation.answers import CALIBRATION, CLEAN
from zepad_engine.evaluation.detection import scores_of
from zepad_engine.execution.execution import Execution
from zepad_engine.inspection.recent import Recent
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.evaluating import load_answers, plan_defences
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import with_head
from zepad_engine.metrics import rate_of, threshold_for
from zepad_engine.run_folder import RunFolder

# The branches every question is put to, the undefended victim first.
ASKED: tuple[Branch, ...] = ("victim", *ZEPAD)
_CLOUD = 200


@dataclass(frozen=True, slots=True)
class Gauge:
    """ZePAD's detector on one task.

    Attributes:
        achieved_fpr: false alarms on the clean test images at ``threshold``, 0 to 1.
        calibration: scores of clean calibration images, at most 200.
    """

    fitted: FittedDefence
    k: float
    threshold: float
    achieved_fpr: float
    calibration: tuple[float, ...]


_gauges: Recent[Gauge] = Recent(16)


def networks(context: Context, task: str) -> dict[Branch, nn.Sequential]:
    """The undefended victim and ZePAD's branches with their heads for the task, prepared for scoring.

    Raises:
        BadInput: the run has no heads for the task yet.
    """
    return {branch: network(context, task, branch) for branch in ASKED}


def network(context: Context, task: str, branch: Branch) -> nn.Sequential:
    """One branch with its head; raises as ``networks``."""
    head = context.folder.head(task, branch)
    if not head.exists():
        raise BadInput("This audit has no trained heads for that task yet.", "Finish the audit, then inspect images.")
    if not context.folder.encoder(branch).exists():
        raise BadInput(f"The encoder {branch} of this audit is missing.", "Copy the whole run folder, or run it again.")
    return _network(str(context.folder.root), task, branch, how(context), head.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _network(root: str, task: str, branch: Branch, running: Execution, _written: int) -> nn.Sequential:
    folder = RunFolder(Path(root))
    prepared = running.for_scoring(with_head(load_own(folder.encoder(branch)), folder.head(task, branch)))
    return cast("nn.Sequential", prepared)


def gauge_of(context: Context, task: str) -> Gauge:
    """The detector of the plan's first ZePAD, or of ZePAD as published where the plan has none.

    Raises:
        BadInput: the run has not come so far.
    """
    stored = [context.folder.logits(task, branch) for branch in ZEPAD]
    if not all(file.exists() for file in stored):
        raise BadInput(
            "This audit has not answered its calibration images yet.", "Finish the audit, then inspect images."
        )
    key = (str(context.folder.root), task, tuple(file.stat().st_mtime_ns for file in stored))
    return _gauges.get(key, lambda: _gauge(context, task))


def _gauge(context: Context, task: str) -> Gauge:
    plan = context.plan.detector
    zepad = next((found for found in plan_defences(context.plan).values() if isinstance(found, Zepad)), Zepad())
    answers = load_answers(context, task, ZEPAD)
    fitted = answers.fitted("zepad", zepad)
    calibration, clean = (scores_of(answers, name, fitted, plan) for name in (CALIBRATION, CLEAN))
    threshold = threshold_for(calibration, plan.target_fpr)
    cloud = tuple(float(score) for score in calibration[:_CLOUD])
    return Gauge(fitted, zepad.k, threshold, rate_of(clean > threshold).value, cloud)
