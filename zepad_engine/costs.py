"""What the jobs of a plan cost: seconds of one core, for progress and estimates. Torch-free.

Measured on a 2-core AMD EPYC at 32 px with a ResNet-18 of width 16. What another encoder costs is told by its
multiply-adds once it has been opened (``net_factor``); until then an estimate for a larger one is a lower bound.
"""

from __future__ import annotations

from typing import Final

from zepad_engine.catalogue import Entry
from zepad_engine.plan import AuditPlan, Choice

_PASSES_PER_SECOND: Final = 1770.0
_BENIGN_IMAGES_PER_SECOND: Final = 1000.0
_FEATURES_PER_SECOND: Final = 3300.0
_JOB_SECONDS: Final = 0.6
# Two workers load torch and open the encoders before the first long job begins.
_START_SECONDS: Final = 8.0
# The quick sample audit in exact arithmetic against the fast one.
_EXACT_TIMES: Final = 2.6
_BRANCHES: Final = 6
# Of the bundled encoder, and the side of its images.
_REFERENCE_MULTIPLY_ADDS: Final = 35_045_376
_REFERENCE_SIDE: Final = 32


def tuning_seconds(plan: AuditPlan) -> float:
    """Adversarial fine-tuning of one encoder: PGD passes, one training pass worth three."""
    tuning = plan.tuning
    return 5 + tuning.images * tuning.epochs * (tuning.steps + 3) / _PASSES_PER_SECOND


def benign_seconds(plan: AuditPlan) -> float:
    """Training of the benign encoder."""
    return 3 + plan.benign.images * plan.benign.epochs / _BENIGN_IMAGES_PER_SECOND


def crafting_seconds(choice: Choice, entry: Entry) -> float:
    """Crafting of one perturbation; ``step_seconds`` is a step of the default batch."""
    defaults = {field.key: float(field.default) for field in entry.fields if isinstance(field.default, int | float)}
    values = defaults | {key: float(value) for key, value in choice.values.items() if isinstance(value, int | float)}
    larger = values["batch"] / defaults["batch"] if "batch" in defaults else 1.0
    return 1 + entry.step_seconds * values.get("steps", 0.0) * larger


def answering_seconds(plan: AuditPlan) -> float:
    """Features, head and logits of one branch on one task; calibration and clean test count as two passes."""
    images = plan.heads.train_images + plan.heads.test_images * (2 + len(plan.attacks))
    return _JOB_SECONDS + images / _FEATURES_PER_SECOND


def net_factor(multiply_adds: int, side: int) -> float:
    """How much dearer an audit is than that of the bundled encoder, whose jobs the other costs were measured with.

    Two of the three branches have the victim's net (``multiply_adds`` for an image of ``side`` pixels), the third is
    the bundled auxiliary at the victim's size.
    """
    victim, auxiliary = multiply_adds / _REFERENCE_MULTIPLY_ADDS, (side / _REFERENCE_SIDE) ** 2
    return (2 * victim + auxiliary) / 3


def audit_seconds(plan: AuditPlan, attacks: tuple[Entry, ...], workers: int, factor: float = 1.0) -> float:
    """Wall seconds on the reference machine; no number of workers is faster than the longest job.

    ``factor`` is ``net_factor`` of the encoder, if it is known.
    """
    known = {entry.key: entry for entry in attacks}
    jobs = [benign_seconds(plan), *([tuning_seconds(plan)] * 2)]
    jobs += [crafting_seconds(choice, known[choice.key]) for choice in plan.attacks if choice.key in known]
    jobs += [answering_seconds(plan)] * _BRANCHES * len(plan.tasks)
    slower = factor * (_EXACT_TIMES if plan.arithmetic == "exact" else 1.0)
    return _START_SECONDS + slower * max(sum(jobs) / max(workers, 1), *jobs)
