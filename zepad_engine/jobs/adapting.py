"""Attack one defended system on one task, and count what came of it image by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import msgspec
import torch
from safetensors.torch import save
from torch import Tensor

from zepad_engine.adaptive.base import Struck, SystemAttack, Target
from zepad_engine.adaptive.evading import EvadingAttack
from zepad_engine.adaptive.registry import build_system_attack
from zepad_engine.errors import EngineTrouble
from zepad_engine.evaluation.accuracy import rate
from zepad_engine.evidence import AdaptiveFinding, Sweep
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import attacked_rows, known_scores, target_of
from zepad_engine.metrics import auroc, rate_of, threshold_for
from zepad_engine.plan import Choice, set_name
from zepad_engine.progress import Progress
from zepad_engine.storage import write_bytes
from zepad_engine.working_time import WORKING

_PREVIEWS = 4
# Rounding in float32 when a budget is added and taken off again.
_SLACK = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdicts:
    """Per attacked image, each (N,): answered wrongly before and after, flagged after, largest change (0 to 1)."""

    clean_wrong: Tensor
    wrong: Tensor
    flagged: Tensor
    linf: Tensor


def adapt(context: Context) -> dict[str, Any]:
    """One attack of the plan on one of its defences; per-image results stay in the run folder.

    The file holds ``rows`` (N,), places among the stored logits of the task's test images; ``wrong``, ``flagged`` and
    ``clean_wrong`` (N,) as 0 or 1; ``linf`` (N,), 0 to 1; and ``previews`` (4, 3, H, W), the first attacked images.
    """
    plan, task, defence = context.plan, context.args["task"], context.args["defence"]
    choice = next(choice for choice in plan.adaptive.attacks if choice.identity == context.args["attack"])
    attack, epsilon = build_system_attack(choice), plan.epsilon_255 / 255
    seed = context.seed("adapt", task, defence, choice.identity)
    running = how(context)
    running.begin(seed)
    rows = attacked_rows(context, task, plan.adaptive.images)
    target = target_of(context, task, defence, rows, running)
    started = WORKING.seconds()
    last = 0.5 if _is_priced(attack, target) else 1.0
    struck = attack(target, epsilon, seed=seed, progress=context.progress.between(0.0, last))
    seconds = WORKING.seconds() - started
    found = _verdicts(target, struck, epsilon)
    _keep(context, rows, found, struck)
    finding = AdaptiveFinding(
        attack=choice.identity,
        name=_name(attack, choice),
        citation=attack.citation,
        recipe=repr(attack),
        knowledge=attack.knowledge,
        evades=attack.evades,
        defence=defence,
        task=set_name(task),
        epsilon_255=plan.epsilon_255,
        **_measured(context, target, struck, found),
        steps=attack.total_steps,
        restarts=getattr(attack, "restarts", 1),
        queries=struck.queries,
        seconds=seconds,
        seed=seed,
    )
    sweeps = _price_sweeps(attack, target, finding, context.progress.between(last, 1.0))
    return {"adaptive": [msgspec.to_builtins(finding)], "sweeps": msgspec.to_builtins(sweeps)}


def _is_priced(attack: SystemAttack, target: Target) -> TypeGuard[EvadingAttack]:
    """Whether the attack is to tell what each price of an alarm does alone, and there is a detector to raise one."""
    return isinstance(attack, EvadingAttack) and attack.each_price and target.threshold < float("inf")


def _price_sweeps(attack: SystemAttack, target: Target, finding: AdaptiveFinding, progress: Progress) -> list[Sweep]:
    if not _is_priced(attack, target):
        return []
    by_price = attack.by_price(target, finding.epsilon_255 / 255, finding.seed, progress)
    return [
        Sweep(
            quantity="lambda",
            rate="wrong, not flagged",
            attack=finding.attack,
            defence=finding.defence,
            task=finding.task,
            points=tuple((price, rate(beaten)) for price, beaten in by_price.items()),
        )
    ]


def _measured(context: Context, target: Target, struck: Struck, found: _Verdicts) -> dict[str, Any]:
    return {
        **_rates(found, watched=target.threshold < float("inf")),
        **_detected(context, target, struck, found),
        "linf_255": 255 * float(found.linf.max()),
        "quantised_255": 255 * _quantised_change(target.images.cpu(), struck.images),
    }


def _name(attack: SystemAttack, choice: Choice) -> str:
    return f"{attack.name} ({choice.name})" if choice.name else attack.name


def _verdicts(target: Target, struck: Struck, epsilon: float) -> _Verdicts:
    """What the scored system says of the images; their budget is looked at once more."""
    linf = (struck.images - target.images.cpu()).abs().amax(dim=(1, 2, 3))
    low, high = float(struck.images.min()), float(struck.images.max())
    if float(linf.max()) > epsilon + _SLACK or low < 0 or high > 1:
        raise EngineTrouble("An attack on a defended system left its budget.", "Please report this.")
    clean_wrong, _ = target.verdicts(target.images, target.labels)
    wrong, flagged = target.verdicts(struck.images.to(target.images), target.labels)
    return _Verdicts(clean_wrong=clean_wrong.cpu(), wrong=wrong.cpu(), flagged=flagged.cpu(), linf=linf)


def _quantised_change(images: Tensor, moved: Tensor) -> float:
    return float(((moved * 255).round() / 255 - images).abs().max())


def _rates(found: _Verdicts, *, watched: bool) -> dict[str, Any]:
    return {
        "n": len(found.wrong),
        "accuracy": rate(~found.wrong),
        "clean_accuracy": rate(~found.clean_wrong),
        "asr_of_correct": rate(found.wrong[~found.clean_wrong]),
        "flagged": rate(found.flagged) if watched else None,
        "evaded": rate(found.wrong & ~found.flagged) if watched else None,
    }


def _detected(context: Context, target: Target, struck: Struck, found: _Verdicts) -> dict[str, Any]:
    """How the detector tells the images that were moved from clean ones; those fooled before any move stay out."""
    moved = found.linf > 0
    if target.threshold == float("inf") or not moved.any():
        return {}
    calibration, clean = known_scores(context, context.args["task"], context.args["defence"])
    scores = target.scores(struck.images[moved].to(target.images)).numpy()
    return {
        "auroc": auroc(clean, scores),
        "caught_at_1": rate_of(scores > threshold_for(calibration, 0.01)),
        "caught_at_5": rate_of(scores > threshold_for(calibration, 0.05)),
    }


def _keep(context: Context, rows: Tensor, found: _Verdicts, struck: Struck) -> None:
    args = context.args
    stored = {
        "rows": rows,
        "clean_wrong": found.clean_wrong.to(torch.uint8),
        "wrong": found.wrong.to(torch.uint8),
        "flagged": found.flagged.to(torch.uint8),
        "linf": found.linf.contiguous(),
        "previews": struck.images[:_PREVIEWS].contiguous(),
    }
    write_bytes(context.folder.adaptive(args["task"], args["defence"], args["attack"]), save(stored))
