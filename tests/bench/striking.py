"""What do the defences of finished audits keep when attacked themselves, and do more steps and starts change it?

``python -m tests.bench.striking run DIR --audits NAME ... --defences KEY ...``: the attacks of ``cascade.py`` one after
another on every task of an audit in the folder of a study, each on the images that still resist; then the two of
``HARDER`` (100 steps, five starts, as in the ``standard`` preset) on what is left. It goes on where it was stopped;
audits and tasks may be given to processes of their own. ``... table DIR`` prints, for each task and defence, the means
over the audits.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean

from tests.bench.cascade import Fallen, cascade, harden, kept
from zepad_engine.plan import AuditPlan, plan_from_json, set_name
from zepad_engine.run_folder import RunFolder

DEFENCES = ("undefended", "clean_ensemble", "zepad", "zepad_no_bmp", "tuned_ensemble")
_TITLES = ("task", "defence", "audits x n", "clean", "worst", "after 100 steps and five starts", "wrong and unflagged")


def run(folder: Path, audits: Iterable[str], tasks: Iterable[str], defences: Iterable[str], images: int) -> None:
    """Attack the named defences of each audit on its tasks whose names begin with one of ``tasks`` (all if none)."""
    for root in (folder / name for name in audits):
        plan = plan_from_json(RunFolder(root).plan.read_bytes())
        for task in _asked(plan, tuple(tasks)):
            for defence in defences:
                cascade(root, plan, task, defence, images, thorough=False)
                harden(root, plan, task, defence)
                sys.stdout.write(f"{root.name}, {set_name(task)}, {defence}\n")


def _asked(plan: AuditPlan, tasks: tuple[str, ...]) -> list[str]:
    return [task for task in plan.tasks if not tasks or set_name(task).startswith(tasks)]


def found(folder: Path, defences: Iterable[str]) -> dict[tuple[str, str], list[Fallen]]:
    """What became of the images, by task and defence, an entry for each audit that has it."""
    outcomes: dict[tuple[str, str], list[Fallen]] = defaultdict(list)
    for file in sorted(folder.glob("*/plan.json")):
        run = RunFolder(file.parent)
        for task in plan_from_json(file.read_bytes()).tasks:
            for defence in defences:
                fallen = kept(run, set_name(task), defence)
                if fallen is not None:
                    outcomes[set_name(task), defence].append(fallen)
    return outcomes


def table(outcomes: dict[tuple[str, str], list[Fallen]]) -> Iterator[str]:
    """Lines of Markdown in percent: means over the audits, the least and the greatest in brackets."""
    yield f"| {' | '.join(_TITLES)} |"
    yield f"|{'---|' * len(_TITLES)}"
    for (task, defence), each in outcomes.items():
        sizes = {len(one.right) for one in each}
        columns = (
            [1 - one.took["clean"] / len(one.right) for one in each],
            [mean(one.right) for one in each],
            [one.harder / len(one.right) for one in each if one.harder is not None],
            [mean(one.unseen) for one in each],
        )
        count = f"{len(each)} x {'/'.join(map(str, sorted(sizes)))}"
        yield f"| {' | '.join((task, defence, count, *map(_range, columns)))} |"


def _range(shares: list[float]) -> str:
    if not shares:
        return "–"
    return f"{100 * mean(shares):.1f} ({100 * min(shares):.1f}–{100 * max(shares):.1f})"


def main(argv: list[str]) -> int:
    """Attack what is left, or print the table."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench.striking", description=__doc__)
    wishes.add_argument("verb", choices=("run", "table"))
    wishes.add_argument("folder", type=Path)
    wishes.add_argument("--audits", nargs="+", help="names of folders; all finished ones if none")
    wishes.add_argument("--tasks", nargs="+", default=(), help="beginnings of their names; all of them if none")
    wishes.add_argument("--defences", nargs="+", default=DEFENCES)
    wishes.add_argument("--images", type=int, default=128)
    wish = wishes.parse_args(argv)
    folder = wish.folder.resolve()
    if wish.verb == "run":
        audits = wish.audits or sorted(file.parent.name for file in folder.glob("*/report.json"))
        run(folder, audits, wish.tasks, wish.defences, wish.images)
    sys.stdout.write("\n".join(table(found(folder, wish.defences))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
