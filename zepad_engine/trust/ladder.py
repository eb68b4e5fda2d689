"""Carlini's ladder: what attacks that ought to agree do to a system, as raw figures.

Sources: Carlini et al., On Evaluating Adversarial Robustness, 2019, section 5; Croce and Hein, ICML 2020, for the black
box. ``lights.py`` says what the figures mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from zepad_engine.adaptive.apgd import ApgdDlr
from zepad_engine.adaptive.base import SystemAttack, Target
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.adaptive.square import SquareAttack
from zepad_engine.progress import Progress
from zepad_engine.trust.observing import Observed, observe

# Each twice the one before; the last two are compared for convergence.
STEPS: Final = (5, 10, 20, 40)
# Steps wherever the budget is what changes; one of ``STEPS``.
BUDGET_STEPS: Final = 20
BUDGETS_255: Final = (2.0, 4.0, 8.0, 16.0, 32.0)
# Every image can be moved to one and the same grey.
HUGE_EPSILON: Final = 0.5
NOISE_DRAWS: Final = 10
QUERIES: Final = 200
# Passes per image, at most: those of the attacks, of their verdicts, and of the look at the unattacked system.
MOST_PASSES: Final = 500
# Twice the budget reaches the corner of the ball from any random start.
_WHOLE_WAY: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """PGD at one setting: how many images are still answered rightly, and their mean cross-entropy in nats."""

    setting: float
    right: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Raw figures of one system; counts are of images still answered rightly, of ``observed.images``.

    Attributes:
        epsilon: the audit's budget, 0 to 1; all but ``budgets`` and ``huge`` are measured with it.
        one_step: after one step of the gradient's sign, as long as the budget allows.
        steps: PGD, from 0 steps over ``STEPS``.
        budgets: PGD with ``BUDGET_STEPS`` steps; from 0 over ``BUDGETS_255`` and the audit's own, n/255.
        huge: PGD at ``HUGE_EPSILON``.
        noise: under each of ``NOISE_DRAWS`` draws of random signs.
        white_box: under every white-box attack: one step, all of ``steps``, and APGD-DLR on what these left.
        black_box: of those, after Square with ``QUERIES`` queries.
    """

    epsilon: float
    observed: Observed
    one_step: int
    steps: tuple[Rung, ...]
    budgets: tuple[Rung, ...]
    huge: int
    noise: int
    white_box: int
    black_box: int


def measure(target: Target, epsilon: float, seed: int, progress: Progress) -> Measured:
    """Look at a system, then climb the ladder.

    Args:
        target: the system and the images; at most `MOST_PASSES` passes per image, about half of them also back.
        epsilon: the audit's L-inf budget, above 0 and at most 1.
        seed: decides the attacks' draws; all start from the same noise, so that they can be compared.

    Raises:
        Cancelled: within one step of a cancel.
    """
    progress.check()
    observed = observe(target)
    before = _seen(target, target.images)
    spans = _shares(progress, (1, *STEPS, QUERIES / 2, *[BUDGET_STEPS] * (len(BUDGETS_255) + 1)))
    one_step = _struck(PgdAttack(steps=1, step=_WHOLE_WAY), target, epsilon, seed, next(spans))
    climbs = [_struck(PgdAttack(steps=steps), target, epsilon, seed, next(spans)) for steps in STEPS]
    resisting = torch.stack([one_step.right, *(climb.right for climb in climbs)]).all(dim=0)
    white_box, black_box = _boxes(target, resisting, epsilon, seed, next(spans))
    attack = PgdAttack(steps=BUDGET_STEPS)
    budgets = {0.0: before, round(epsilon * 255, 6): climbs[STEPS.index(BUDGET_STEPS)]}
    for budget in sorted(set(BUDGETS_255) - budgets.keys()):
        budgets[budget] = _struck(attack, target, budget / 255, seed, next(spans))
    return Measured(
        epsilon=epsilon,
        observed=observed,
        one_step=one_step.count,
        steps=_rungs(zip((0, *STEPS), (before, *climbs), strict=True)),
        budgets=_rungs(sorted(budgets.items())),
        huge=_struck(attack, target, HUGE_EPSILON, seed, next(spans)).count,
        noise=_under_noise(target, epsilon, seed, progress),
        white_box=white_box,
        black_box=black_box,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """Which images (N,) are answered rightly, and the cross-entropy over all of them."""

    right: Tensor
    loss: float

    @property
    def count(self) -> int:
        return int(self.right.sum())


def _seen(target: Target, images: Tensor) -> _Seen:
    with torch.no_grad():
        logits = torch.cat([target.scored(part) for part in images.split(target.batch)])
    loss = functional.cross_entropy(logits, target.labels)
    return _Seen(logits.argmax(dim=1) == target.labels, float(loss))


def _struck(attack: SystemAttack, target: Target, epsilon: float, seed: int, progress: Progress) -> _Seen:
    struck = attack(target, epsilon, seed=seed, progress=progress)
    return _seen(target, struck.images.to(target.images))


def _boxes(target: Target, resisting: Tensor, epsilon: float, seed: int, progress: Progress) -> tuple[int, int]:
    """How many images resist every white-box attack, and how many of those Square too."""
    dlr = ApgdDlr(steps=BUDGET_STEPS)
    resisting = _still(dlr, target, resisting, epsilon, seed, progress.between(0.0, 0.2))
    white_box = int(resisting.sum())
    square = SquareAttack(queries=QUERIES)
    return white_box, int(_still(square, target, resisting, epsilon, seed, progress.between(0.2, 1.0)).sum())


def _still(
    attack: SystemAttack, target: Target, resisting: Tensor, epsilon: float, seed: int, progress: Progress
) -> Tensor:
    """Which of the resisting images (N,) also resist ``attack``, (N,)."""
    index = resisting.nonzero().flatten()
    if len(index) == 0:
        return resisting
    few = replace(target, images=target.images[index], labels=target.labels[index])
    still = resisting.clone()
    still[index] = _struck(attack, few, epsilon, seed, progress).right
    return still


def _under_noise(target: Target, epsilon: float, seed: int, progress: Progress) -> int:
    """How many images are answered rightly under every draw of random signs."""
    generator = torch.Generator().manual_seed(seed)
    right = torch.ones_like(target.labels, dtype=torch.bool)
    for _ in range(NOISE_DRAWS):
        progress.check()
        signs = torch.randint(0, 2, target.images.shape, generator=generator).to(target.images) * 2 - 1
        right &= _seen(target, (target.images + epsilon * signs).clamp(0, 1)).right
    return int(right.sum())


def _rungs(seen: Iterable[tuple[float, _Seen]]) -> tuple[Rung, ...]:
    return tuple(Rung(setting=float(setting), right=found.count, loss=found.loss) for setting, found in seen)


def _shares(progress: Progress, weights: tuple[float, ...]) -> Iterator[Progress]:
    """Spans as long as their weights."""
    ends = tuple(accumulate(weights, initial=0.0))
    return (progress.between(low / ends[-1], high / ends[-1]) for low, high in pairwise(ends))
