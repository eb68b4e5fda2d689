"""Does the fast arithmetic find what the exact one finds? Two reports laid side by side, and PGD on 1,000 images.

``python -m tests.bench.fidelity FAST_RUN EXACT_RUN [OTHER_SEED_RUN]``: run folders of one plan in fast and in exact
arithmetic; the third, exact under another seed, tells how far two honest runs of one plan lie apart anyway.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from zepad_engine.encoders.reading import load_own
from zepad_engine.execution.execution import EXACT, Execution
from zepad_engine.findings import AuditReport, Cell, report_from_json
from zepad_engine.images.audit_sets import open_set
from zepad_engine.run_folder import RunFolder
from zepad_engine.training.head import Head
from zepad_engine.training.labelled import Labelled, labelled
from zepad_engine.training.pgd import Pgd

_RATES = ("ba", "ra", "asr", "asr_of_correct")
_IMAGES = 1000
_TASK = "sample:satellite"
_BUDGETS = {"victim": (0.5, 1.0, 2.0), "tuned_victim": (4.0, 8.0, 10.0)}


def compare(one: AuditReport, reference: AuditReport) -> tuple[int, int, float]:
    """Rates of ``one`` inside the 95 % interval of the reference, rates compared, largest distance in points."""
    theirs = {_name(cell): cell for cell in reference.cells}
    inside = count = 0
    farthest = 0.0
    for cell in one.cells:
        for field in _RATES:
            ours, expected = getattr(cell, field), getattr(theirs[_name(cell)], field)
            if ours is None or expected is None:
                continue
            count += 1
            inside += expected.low <= ours.value <= expected.high
            farthest = max(farthest, 100 * abs(ours.value - expected.value))
    return inside, count, farthest


def averages(one: AuditReport, reference: AuditReport) -> tuple[int, int, float]:
    """The same for the means over tasks, which is what the verdict is drawn from."""
    theirs = {(a.defence, a.attack, a.unseen): a for a in reference.averages}
    inside = count = 0
    farthest = 0.0
    for mean in one.averages:
        for field in _RATES[:3]:
            ours, expected = getattr(mean, field), getattr(theirs[mean.defence, mean.attack, mean.unseen], field)
            if ours is None or expected is None:
                continue
            count += 1
            inside += expected.low <= ours.value <= expected.high
            farthest = max(farthest, 100 * abs(ours.value - expected.value))
    return inside, count, farthest


def robust_accuracy(model: nn.Module, data: Labelled, epsilon_255: float, how: Execution) -> float:
    """Accuracy under PGD-10 crafted in ``how``'s arithmetic, always scored in plain float32."""
    pgd = Pgd(epsilon=epsilon_255 / 255, step=epsilon_255 / 4 / 255, steps=10)
    attacked, scored, draws = how.for_attack(model), EXACT.for_scoring(model), torch.Generator().manual_seed(0)
    right = 0
    for images, labels in data.in_order(100):
        moved = pgd(attacked, images, labels, draws)
        with torch.inference_mode():
            right += int((scored(moved.contiguous()).argmax(1) == labels).sum())
    return right / len(data)


def pgd_rows(run: RunFolder) -> list[str]:
    """One line per network and budget: robust accuracy under exact and under fast PGD."""
    data = labelled(open_set(_TASK, 32, 0), "test", _IMAGES, 0)
    rows = []
    for branch, budgets in _BUDGETS.items():
        encoder = load_own(run.encoder(branch))
        weights = load_file(run.head(_TASK, branch))
        head = Head(encoder.card.feature_dim, len(weights["layers.5.bias"]))
        head.load_state_dict(weights)
        model = nn.Sequential(encoder, head)
        for budget in budgets:
            exact, fast = (robust_accuracy(model, data, budget, how) for how in (EXACT, Execution.of("cpu")))
            rows.append(
                f"PGD-10 on {branch}, {budget:g}/255, n={len(data)}: exact {100 * exact:.1f} %, "
                f"fast {100 * fast:.1f} %, difference {100 * abs(exact - fast):.1f} points"
            )
    return rows


def _name(cell: Cell) -> tuple[str, str, str]:
    return cell.defence, cell.attack, cell.task


def _told(what: str, found: tuple[int, int, float]) -> str:
    inside, count, farthest = found
    return f"{what}: {inside} of {count} rates inside the exact 95 % interval, farthest {farthest:.1f} points"


def main(argv: list[str]) -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    runs = parser.parse_args(argv).runs
    fast, exact, *others = [report_from_json((run / "report.json").read_bytes()) for run in runs]
    for name, report in (("fast", fast), *(("exact, another seed", other) for other in others)):
        sys.stdout.write(_told(f"{name}, cells", compare(report, exact)) + "\n")
        sys.stdout.write(_told(f"{name}, means over tasks", averages(report, exact)) + "\n")
    sys.stdout.write("\n".join(pgd_rows(RunFolder(runs[1]))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
