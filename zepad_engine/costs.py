"""What the jobs of a plan cost: seconds of one core, for progress and estimates. Torch-free.

Measured on a 2-core AMD EPYC at 32 px with a ResNet-18 of width 16. What another encoder costs is told by its
multiply-adds once it has been opened (``net_factor``); until then an estimate for a larger one is a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

from zepad_engine.branches import BRANCHES, Branch, Front, Method, needed_branches
from zepad_engine.catalogue import Catalogue, Entry
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.recrafts import recrafted_attacks, recrafts_of, with_recraft

_PASSES_PER_SECOND: Final = 1770.0
_BENIGN_IMAGES_PER_SECOND: Final = 1000.0
_FEATURES_PER_SECOND: Final = 3300.0
_JOB_SECONDS: Final = 0.6
# Two workers load torch and open the encoders before the first long job begins.
_START_SECONDS: Final = 8.0
# The quick sample audit in exact arithmetic against the fast one.
_EXACT_TIMES: Final = 2.6
_MEASURED_IMAGES: Final = 500
# Of an alarm, that detector evasion tries each by itself where it is told to.
_PRICES: Final = 5
# Guesses: Gen-AF's second stage against a clean epoch, and the passes the trust checks take per image.
_LAYERS_SHARE: Final = 4
_CHECK_PASSES: Final = 250
# What an image before an encoder costs beside one without it, measured forward and on the bundled encoder: a
# counterattack asks it ten times more, four of them for a gradient; the purifier is another small network.
_FRONT_TIMES: Final[dict[Front, float]] = {"": 1.0, "counterattack": 15.0, "purifier": 2.0}
# Of the bundled encoder, and the side of its images.
_REFERENCE_MULTIPLY_ADDS: Final = 35_045_376
_REFERENCE_SIDE: Final = 32


def tuning_seconds(plan: AuditPlan, method: Method = "zepad") -> float:
    """Adversarial fine-tuning of one encoder: PGD passes, one training pass worth three; six where two are trained on.

    Gen-AF's second stage looks at every layer by itself and then trains on clean images.
    """
    tuning = plan.tuning
    passes = {"gen_af": 3 * _LAYERS_SHARE, "trades": tuning.steps + 6, "mart": tuning.steps + 6}.get(
        method, tuning.steps + 3
    )
    return 5 + tuning.images * tuning.epochs * passes / _PASSES_PER_SECOND


def purifying_seconds(plan: AuditPlan) -> float:
    """Training of the purifier: the attack's passes, and one training pass through purifier and encoder."""
    purifying = plan.purifying
    return 5 + purifying.images * purifying.epochs * (purifying.steps + 6) / _PASSES_PER_SECOND


def passing_times(branches: Iterable[Branch]) -> float:
    """How many plain encoders an image would pass in the time it passes these branches."""
    return sum(_FRONT_TIMES[BRANCHES[branch].front] for branch in branches)


def adapting_seconds(plan: AuditPlan, choice: Choice, entry: Entry, branches: tuple[Branch, ...]) -> float:
    """One attack on one defended system; an upper bound, since restarts skip what has fallen."""
    defaults = {field.key: float(field.default) for field in entry.fields if isinstance(field.default, int | float)}
    values = defaults | {key: float(value) for key, value in choice.values.items() if isinstance(value, int | float)}
    # A query passes forward only.
    tries = values.get("restarts", 1.0) + _PRICES * values.get("each_price", 0.0)
    steps = (values.get("steps", 0.0) + values.get("queries", 0.0) / 2) * tries
    return 2 + plan.adaptive.images * steps * passing_times(branches) / _PASSES_PER_SECOND


def trust_seconds(plan: AuditPlan, branches: tuple[Branch, ...]) -> float:
    """The trust checks of one defended system."""
    return 2 + plan.adaptive.checked_images * _CHECK_PASSES * passing_times(branches) / _PASSES_PER_SECOND


def measuring_seconds(plan: AuditPlan) -> float:
    """Label-free measures, retrieval and false alarms of one task."""
    images = min(_MEASURED_IMAGES, plan.heads.test_images / 2)
    return _JOB_SECONDS + 3 * images * (len(plan.attacks) + 4 + len(plan.tasks)) / _FEATURES_PER_SECOND


def benign_seconds(plan: AuditPlan) -> float:
    """Training of the benign encoder."""
    return 3 + plan.benign.images * plan.benign.epochs / _BENIGN_IMAGES_PER_SECOND


def crafting_seconds(choice: Choice, entry: Entry) -> float:
    """Crafting of one perturbation; ``step_seconds`` is a step of the default batch."""
    defaults = {field.key: float(field.default) for field in entry.fields if isinstance(field.default, int | float)}
    values = defaults | {key: float(value) for key, value in choice.values.items() if isinstance(value, int | float)}
    larger = values["batch"] / defaults["batch"] if "batch" in defaults else 1.0
    return 1 + entry.step_seconds * values.get("steps", 0.0) * larger


def curve_seconds(plan: AuditPlan, points: int, branches: Iterable[Branch]) -> float:
    """Answers of the branches to one task's test images under ``points`` perturbations crafted anew."""
    return _JOB_SECONDS + plan.heads.test_images * points * passing_times(branches) / _FEATURES_PER_SECOND


def answering_seconds(plan: AuditPlan, branch: Branch) -> float:
    """Features, head and logits of one branch on one task; calibration and clean test count as two passes."""
    images = plan.heads.train_images + plan.heads.test_images * (2 + len(plan.attacks))
    return _JOB_SECONDS + images * passing_times((branch,)) / _FEATURES_PER_SECOND


def net_factor(multiply_adds: int, side: int) -> float:
    """How much dearer an audit is than that of the bundled encoder, whose jobs the other costs were measured with.

    Two of the three branches have the victim's net (``multiply_adds`` for an image of ``side`` pixels), the third is
    the bundled auxiliary at the victim's size.
    """
    victim, auxiliary = multiply_adds / _REFERENCE_MULTIPLY_ADDS, (side / _REFERENCE_SIDE) ** 2
    return (2 * victim + auxiliary) / 3


def audit_seconds(plan: AuditPlan, catalogue: Catalogue, workers: int, factor: float = 1.0) -> float:
    """Wall seconds on the reference machine; no number of workers is faster than the longest job.

    ``factor`` is ``net_factor`` of the encoder, if it is known.
    """
    jobs = [seconds for stage in stage_costs(plan, catalogue).values() for seconds in stage]
    slower = factor * (_EXACT_TIMES if plan.arithmetic == "exact" else 1.0)
    return _START_SECONDS + slower * max(sum(jobs) / max(workers, 1), *jobs)


def stage_costs(plan: AuditPlan, catalogue: Catalogue) -> dict[str, list[float]]:
    """Seconds of one core of each job of a plan, by stage, in fast arithmetic and with the bundled net."""
    answers = [answering_seconds(plan, branch) for branch in _branches(plan, catalogue)] * len(plan.tasks)
    return {
        "craft": _craftings(plan, catalogue),
        "tune": _tunings(plan, catalogue),
        "benign": [benign_seconds(plan)],
        "heads": answers,
        "adapt": _attacks_on_systems(plan, catalogue),
        "measure": [*_checks_of_systems(plan, catalogue), *([measuring_seconds(plan)] * len(plan.tasks))],
        "sweep": [*_recraftings(plan, catalogue), *_curves(plan, catalogue)],
    }


def _branches(plan: AuditPlan, catalogue: Catalogue) -> tuple[Branch, ...]:
    chosen = {choice.key for choice in plan.defences}
    return needed_branches(branch for entry in catalogue.defences if entry.key in chosen for branch in entry.branches)


def _tunings(plan: AuditPlan, catalogue: Catalogue) -> list[float]:
    branches = _branches(plan, catalogue)
    tuned = [tuning_seconds(plan, BRANCHES[branch].method) for branch in branches if BRANCHES[branch].method]
    return [*tuned, *([purifying_seconds(plan)] if "purified_victim" in branches else [])]


def _craftings(plan: AuditPlan, catalogue: Catalogue) -> list[float]:
    known = {entry.key: entry for entry in catalogue.attacks}
    return [crafting_seconds(choice, known[choice.key]) for choice in plan.attacks if choice.key in known]


def _recraftings(plan: AuditPlan, catalogue: Catalogue) -> list[float]:
    """Seconds of each crafting with another setting."""
    return [
        crafting_seconds(with_recraft(choice, recraft), entry)
        for choice, entry in recrafted_attacks(plan, catalogue)
        for recraft in recrafts_of(plan, choice, entry)
    ]


def _curves(plan: AuditPlan, catalogue: Catalogue) -> list[float]:
    points = len(_recraftings(plan, catalogue))
    branches = _listened(plan, catalogue, plan.recrafting.defences)
    tasks = min(plan.recrafting.tasks, len(plan.tasks)) if points and branches else 0
    return [curve_seconds(plan, points, dict.fromkeys(chain.from_iterable(branches)))] * tasks


def _attacks_on_systems(plan: AuditPlan, catalogue: Catalogue) -> list[float]:
    attacks = {entry.key: entry for entry in catalogue.adaptive}
    systems = _listened(plan, catalogue, plan.adaptive.defences)
    tasks = min(plan.adaptive.tasks, len(plan.tasks))
    return [
        adapting_seconds(plan, choice, attacks[choice.key], branches)
        for choice in plan.adaptive.attacks
        if choice.key in attacks
        for branches in systems * tasks
    ]


def _checks_of_systems(plan: AuditPlan, catalogue: Catalogue) -> list[float]:
    checked = plan.adaptive.attacks and plan.adaptive.checked_images
    attacked = _listened(plan, catalogue, plan.adaptive.defences)
    return [trust_seconds(plan, branches) for branches in attacked] if checked else []


def _listened(plan: AuditPlan, catalogue: Catalogue, identities: tuple[str, ...]) -> list[tuple[Branch, ...]]:
    """The branches of each of the plan's systems that are among ``identities``."""
    defences = {entry.key: entry for entry in catalogue.defences}
    named = [choice for choice in plan.defences if choice.identity in identities]
    return [defences[choice.key].branches for choice in named if choice.key in defences]
