"""Do our per-image attacks find as much as torchattacks' do? Robust accuracy on one model, images and budget.

``python -m tests.bench.agreement``: the bundled victim with a head for a bundled task, exact arithmetic, equal steps,
step size and restarts. Several seeds show how far each side lies from itself; the means are what is compared.

100 steps by default: half an hour on one core, minutes on a GPU (``--device cuda``). With fewer torchattacks rounds
the gaps between APGD's checkpoints down and halves its step sooner than the paper (20 steps: after 4, 7, 9, 10, 11
instead of 5, 9, 12, 14, 16).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import combinations

import torch
from torch import Tensor, nn

from tests.bench import subjects
from zepad_engine.adaptive.apgd import ApgdCe, ApgdDlr
from zepad_engine.adaptive.base import SystemAttack, Target
from zepad_engine.adaptive.pgd import PgdAttack
from zepad_engine.defences.fitted import fit_defence
from zepad_engine.defences.single import Undefended
from zepad_engine.defences.system import System
from zepad_engine.execution.execution import Execution
from zepad_engine.images.audit_sets import open_set
from zepad_engine.images.image_bank import ImageBank
from zepad_engine.plan import Detector
from zepad_engine.progress import Progress
from zepad_engine.training.labelled import labelled

# Model, budget and seed to an attack on images and labels.
Maker = Callable[[nn.Module, float, int], Callable[[Tensor, Tensor], Tensor]]

NAMES = ("PGD", "APGD-CE", "APGD-DLR")
ALLOWED_POINTS = 0.5
_STEP = 0.25


def problem(images: int, how: Execution) -> tuple[nn.Module, Target]:
    """The plain model for torchattacks, and the same as a defended system of one branch for us."""
    model = subjects.classifier(16)
    drawn = labelled(open_set(subjects.TASK, subjects.SIDE, 0), "test", images, 0, how)
    fitted = fit_defence("undefended", Undefended(), torch.zeros(1, 1, drawn.classes), drawn.labels[:1])
    system = System(fitted, {"victim": model}, Detector())
    target = Target(
        attacked=how.for_attack(system),
        scored=how.for_scoring(system),
        images=drawn.images[:],
        labels=drawn.images.place(drawn.labels),
        threshold=float("inf"),
        examples=ImageBank(torch.zeros(1, 3, subjects.SIDE, subjects.SIDE)),
        example_labels=torch.zeros(1, dtype=torch.long),
        surrogate=how.for_attack(model),
        batch=128,
    )
    return how.for_scoring(model), target


def ours(attack: SystemAttack, target: Target, epsilon: float, seed: int) -> Tensor:
    """Which images still resist, (N,)."""
    struck = attack(target, epsilon, seed=seed, progress=Progress.silent())
    return ~target.verdicts(struck.images.to(target.images), target.labels)[0]


def theirs(
    make: Maker,
    model: nn.Module,
    target: Target,
    epsilon: float,
    seed: int,
) -> Tensor:
    """Which images still resist torchattacks, (N,); those wrong before the attack count as fallen, as on our side."""
    torch.manual_seed(seed)  # its PGD draws from the global generator
    attack = make(model, epsilon, seed)
    parts = zip(target.images.split(target.batch), target.labels.split(target.batch), strict=True)
    moved = torch.cat([attack(images, labels).detach() for images, labels in parts])
    if float((moved - target.images).abs().max()) > epsilon + 1e-6:
        raise RuntimeError("torchattacks left the budget: the comparison means nothing.")
    return ~target.verdicts(moved, target.labels)[0] & ~target.verdicts(target.images, target.labels)[0]


def pairs(steps: int, restarts: int) -> dict[str, tuple[SystemAttack, Maker]]:
    """Our attack and how theirs is made, by name."""
    from torchattacks import APGD, PGD

    return {
        "PGD": (
            PgdAttack(steps=steps, step=_STEP),
            lambda net, epsilon, seed: PGD(net, eps=epsilon, alpha=_STEP * epsilon, steps=steps),
        ),
        "APGD-CE": (
            ApgdCe(steps=steps, restarts=restarts),
            lambda net, epsilon, seed: APGD(net, eps=epsilon, steps=steps, n_restarts=restarts, seed=seed, loss="ce"),
        ),
        "APGD-DLR": (
            ApgdDlr(steps=steps, restarts=restarts),
            lambda net, epsilon, seed: APGD(net, eps=epsilon, steps=steps, n_restarts=restarts, seed=seed, loss="dlr"),
        ),
    }


def rows(wish: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """A line of the table each, and the difference of the means in points."""
    (model, target), seeds = problem(wish.images, Execution.of(wish.device, "exact")), wish.seeds
    chosen = {name: pair for name, pair in pairs(wish.steps, wish.restarts).items() if name in wish.attacks}
    for budget in wish.budgets:
        epsilon = budget / 255
        for name, (attack, make) in chosen.items():
            mine = [ours(attack, target, epsilon, seed) for seed in range(seeds)]
            other = [theirs(make, model, target, epsilon, seed) for seed in range(seeds)]
            left = [_points(kept) for kept in (mine, other)]
            difference = sum(left[0]) / seeds - sum(left[1]) / seeds
            yield (
                f"{budget:>6g}/255  {name:<9} {_told(left[0])} {_told(left[1])} {difference:>+6.2f}"
                f" {_apart(mine, other):>6.2f} {_apart(other):>6.2f}",
                difference,
            )


def _points(kept: list[Tensor]) -> list[float]:
    return [100 * float(one.double().mean()) for one in kept]


def _told(left: list[float]) -> str:
    return f"{sum(left) / len(left):>6.2f} ({min(left):.2f} to {max(left):.2f})"


def _apart(some: list[Tensor], others: list[Tensor] | None = None) -> float:
    """Share of images answered differently, in points: of one side under two seeds, or of both under one."""
    pairs = list(zip(some, others, strict=True)) if others else list(combinations(some, 2))
    return sum(100 * float((one ^ other).double().mean()) for one, other in pairs) / max(len(pairs), 1)


def main(argv: list[str]) -> int:
    """Print the table; 1 where the means of any row lie farther apart than allowed."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench.agreement", description=__doc__)
    wishes.add_argument("--images", type=int, default=1000)
    wishes.add_argument("--steps", type=int, default=100)
    wishes.add_argument("--restarts", type=int, default=1, help="of both APGDs; torchattacks' PGD has none")
    wishes.add_argument("--seeds", type=int, default=1)
    wishes.add_argument("--budgets", type=float, nargs="+", default=(0.25, 0.5), help="in steps of 255")
    wishes.add_argument("--device", default="cpu", help="cpu or cuda")
    wishes.add_argument("--attacks", nargs="+", choices=NAMES, default=NAMES)
    wish = wishes.parse_args(argv)
    if subjects.versioned("torchattacks") is None:
        wishes.error("torchattacks is not installed: pip install '.[bench]'")
    how = Execution.of(wish.device, "exact")
    how.begin(0)
    _, target = problem(wish.images, how)
    clean = ~target.verdicts(target.images, target.labels)[0]
    sys.stdout.write(
        f"torchattacks {subjects.versioned('torchattacks')}, {subjects.BUNDLED[0]}, {subjects.TASK}, n={len(clean)}, "
        f"{how.device.type}, float32, {wish.steps} steps, {wish.restarts} start(s), {wish.seeds} seed(s), "
        f"clean {_points([clean])[0]:.2f} %\n"
        "Robust accuracy in %, mean over seeds (lowest to highest); images answered differently in points\n"
        "    budget  attack     ours                   torchattacks           diff. both  seeds\n"
    )
    worst = 0.0
    for line, difference in rows(wish):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        worst = max(worst, abs(difference))
    sys.stdout.write(f"Largest difference {worst:.2f} points, allowed {ALLOWED_POINTS}\n")
    return int(worst > ALLOWED_POINTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
