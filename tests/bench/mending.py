"""Does the candidate that could mend ZePAD hold when it is attacked itself? Seeds and tasks that did not choose it.

``python -m tests.bench.mending run --out DIR [--data DIR]`` audits ZePAD and the candidate beside each other, each
attacked itself with everything in hand, and goes on where it was stopped; ``... table DIR`` puts the figures into a
table. The rule by which the candidate is kept was written down before any of it was run:

1. Worst case per image (right without attack and under every attack on the system): on more than half of the pairs of
   seed and task the candidate is better, with a paired 95 % interval above 0; on none is it worse in that sense.
2. Accuracy without attack: the mean of the paired differences over all pairs of seed and task, on all test images, has
   a 95 % interval that does not reach below -1 point.
3. No trust light of the candidate is red.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from safetensors.numpy import load_file

from zepad_engine.command_line.stopping import Stopping
from zepad_engine.command_line.terminal import TerminalProgress
from zepad_engine.describe import describe
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.metrics import Flags, paired_difference
from zepad_engine.plan import Adaptive, AuditPlan, Choice, set_name
from zepad_engine.presets import with_preset
from zepad_engine.run_folder import RunFolder
from zepad_engine.study.running import run_study

CANDIDATE: Final = Choice(
    key="tuned_ensemble",
    name="candidate",
    values={"fusion": "mean_probabilities", "temperature": True, "watch": "disagreement"},
)
ZEPAD: Final = "zepad"
_TASKS: Final = ("sample:signs", "sample:satellite", "sample:fashion", "sample:emoji")
_REAL: Final = "sign-language-digits.zip"
_STEPS: Final = {"steps": 50, "restarts": 1}
# First the attacks on the answer, then those that need no gradient of it.
ON_THE_ANSWER: Final = (
    Choice(key="apgd_ce", values=_STEPS),
    Choice(key="apgd_dlr", values=_STEPS),
    Choice(key="confidence_aware", values=_STEPS),
    Choice(key="evading", values={"steps": 25, "restarts": 5}),
    Choice(key="universal_fused", values={"steps": 150, "restarts": 1}),
)
AROUND_IT: Final = (
    Choice(key="around_fusion", name="mean-logits", values={"through": "mean_logits", **_STEPS}),
    Choice(key="around_fusion", name="every-branch", values={"through": "every_branch", **_STEPS}),
    Choice(key="benign_alone", values=_STEPS),
    Choice(key="square", values={"queries": 200, "restarts": 1}),
    Choice(key="transfer", values=_STEPS),
)


def plans(seeds: Iterable[int], data: Path | None, images: int) -> Iterator[tuple[str, AuditPlan]]:
    """An audit per seed: quick sizes, two defences, ten attacks on each of them on every task."""
    catalogue = describe()
    tasks = (*_TASKS, str((data / _REAL).resolve())) if data else _TASKS
    for seed in seeds:
        plan = AuditPlan(
            tasks=tasks,
            seed=seed,
            attacks=(Choice(key="advencoder_per"), Choice(key="sign_noise")),
            defences=(Choice(key="undefended"), Choice(key=ZEPAD), CANDIDATE),
        )
        adaptive = Adaptive(
            attacks=(*ON_THE_ANSWER, *AROUND_IT),
            defences=(ZEPAD, CANDIDATE.identity),
            tasks=len(tasks),
            images=images,
        )
        yield (
            f"supcon-corrected-{seed}",
            msgspec.structs.replace(with_preset(plan, "quick", catalogue), adaptive=adaptive),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Candidate minus ZePAD on one task of one audit: accuracies 0 to 1, differences with their 95 % interval.

    ``answer`` and ``all_of_it`` are the worst cases per image over the attacks on the answer, and over all.
    """

    seed: int
    task: str
    n: int
    clean: tuple[float, float, float]
    clean_n: int
    worst: tuple[float, float, float]
    of_zepad: float
    of_candidate: float
    candidate_before_detours: float
    unseen: tuple[float, float]


def compared(run: RunFolder) -> list[Compared]:
    """Every task of a finished audit."""
    report = report_from_json(run.report.read_bytes())
    return [_compared(run, report, task) for task in report.plan.tasks]


def _compared(run: RunFolder, report: AuditReport, task: str) -> Compared:
    zepad, candidate = (_wrong(run, task, who, (*ON_THE_ANSWER, *AROUND_IT)) for who in (ZEPAD, CANDIDATE.identity))
    pair = next(
        pair
        for pair in report.pairs
        if (pair.b, pair.task, pair.attack) == (CANDIDATE.identity, set_name(task), "none")
    )
    return Compared(
        seed=report.plan.seed,
        task=set_name(task),
        n=len(zepad),
        clean=(-pair.difference, -pair.high, -pair.low),
        clean_n=pair.n,
        worst=paired_difference(int((zepad & ~candidate).sum()), int((candidate & ~zepad).sum()), len(zepad)),
        of_zepad=1 - float(zepad.mean()),
        of_candidate=1 - float(candidate.mean()),
        candidate_before_detours=1 - float(_wrong(run, task, CANDIDATE.identity, ON_THE_ANSWER).mean()),
        unseen=(_unseen(run, task, ZEPAD), _unseen(run, task, CANDIDATE.identity)),
    )


def _wrong(run: RunFolder, task: str, defence: str, attacks: Iterable[Choice]) -> Flags:
    """Which images are answered wrongly without attack or under any of the attacks, (N,)."""
    stored = [load_file(run.adaptive(task, defence, attack.identity)) for attack in attacks]
    wrong: Flags = np.any([each[name] for each in stored for name in ("wrong", "clean_wrong")], axis=0)
    return wrong


def _unseen(run: RunFolder, task: str, defence: str) -> float:
    """Share answered wrongly and not flagged under at least one of the attacks."""
    stored = [load_file(run.adaptive(task, defence, attack.identity)) for attack in (*ON_THE_ANSWER, *AROUND_IT)]
    return float(np.any([(each["wrong"] == 1) & (each["flagged"] == 0) for each in stored], axis=0).mean())


def table(found: Iterable[Compared]) -> Iterator[str]:
    """Lines of Markdown; percent and points."""
    titles = (
        "seed, task",
        "n",
        "ZePAD worst (unseen)",
        "candidate worst (unseen)",
        "difference",
        "candidate, attacks on the answer only",
        "BA, candidate minus ZePAD",
    )
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for one in found:
        yield (
            f"| {one.seed}, {one.task} | {one.n} | {100 * one.of_zepad:.1f} ({100 * one.unseen[0]:.1f}) "
            f"| {100 * one.of_candidate:.1f} ({100 * one.unseen[1]:.1f}) | {_points(one.worst)} "
            f"| {100 * one.candidate_before_detours:.1f} | {_points(one.clean)}, n = {one.clean_n} |"
        )


def _points(difference: tuple[float, float, float]) -> str:
    value, low, high = (100 * part for part in difference)
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def verdict(found: list[Compared], red: list[str]) -> Iterator[str]:
    """The three rules, one line each, and what follows."""
    better = sum(one.worst[1] > 0 for one in found)
    worse = sum(one.worst[2] < 0 for one in found)
    mean = sum(one.clean[0] for one in found) / len(found)
    half = math.sqrt(sum(((one.clean[2] - one.clean[1]) / 2) ** 2 for one in found)) / len(found)
    first, second, third = better > len(found) / 2 and not worse, mean - half >= -0.01, not red
    yield f"1. better on {better}, worse on {worse} of {len(found)}: {_met(first)}"
    yield f"2. BA differs by {_points((mean, mean - half, mean + half))} points: {_met(second)}"
    yield f"3. red lights: {', '.join(red) or 'none'}: {_met(third)}"
    yield "The candidate is kept." if first and second and third else "The candidate is not kept."


def _met(rule: bool) -> str:
    return "met" if rule else "not met"


def _red(run: RunFolder) -> list[str]:
    report = report_from_json(run.report.read_bytes())
    return [
        f"seed {report.plan.seed}, {light.task}: {light.name}"
        for light in report.lights
        if light.colour == "red" and light.defence == CANDIDATE.identity
    ]


def main(argv: list[str]) -> int:
    """Run what is left, or print the table of what is finished."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench.mending", description=__doc__)
    verbs = wishes.add_subparsers(dest="verb", required=True)
    running, printing = verbs.add_parser("run"), verbs.add_parser("table")
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--data", type=Path, help="folder with sign-language-digits.zip, the fifth task")
    running.add_argument("--seeds", type=int, nargs="+", default=(1, 2))
    running.add_argument("--images", type=int, default=128)
    printing.add_argument("out", type=Path)
    wish = wishes.parse_args(argv)
    if wish.verb == "run":
        with Stopping() as stopping:
            listener = TerminalProgress(sys.stderr)
            wanted = plans(wish.seeds, wish.data, wish.images)
            run_study(wanted, wish.out.resolve(), lambda _name: listener, lambda: stopping.asked)
    runs = [RunFolder(file.parent) for file in sorted(wish.out.glob("*/report.json"))]
    found = [one for run in runs for one in compared(run)]
    lines = (*table(found), "", *verdict(found, [light for run in runs for light in _red(run)]))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
