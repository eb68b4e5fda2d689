"""``study``: the paper's main table and ablation in our setting, from one command that can be resumed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from zepad_engine.command_line.guarding import DONE, STOPPED, say
from zepad_engine.command_line.stopping import Stopping
from zepad_engine.command_line.terminal import TerminalProgress
from zepad_engine.errors import BadInput, Cancelled
from zepad_engine.plan import Mode
from zepad_engine.presets import PRESETS
from zepad_engine.study.plans import VICTIMS, Wish, paper_plans


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder per audit; resumed if there")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of image sets (default: the bundled samples)")
    parser.add_argument("--victims", nargs="+", choices=tuple(VICTIMS), default=tuple(VICTIMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2), metavar="N")
    parser.add_argument("--modes", nargs="+", choices=get_args(Mode), default=get_args(Mode))
    parser.add_argument("--preset", choices=PRESETS, default="standard")
    parser.add_argument("--no-adaptive", action="store_true", help="leave the attacks on the defended systems out")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--results", type=Path, metavar="FILE", help="a page with marks to put the tables into")


def run(flags: argparse.Namespace) -> int:
    """Run what is left of the study and write its tables; the exit code."""
    from zepad_engine.describe import describe
    from zepad_engine.study.running import put_tables, run_study

    if flags.results is not None and not flags.results.is_file():
        raise BadInput(f"There is no file {flags.results}.", "Check the path after --results.")
    wish = Wish(
        victims=tuple(flags.victims),
        seeds=tuple(flags.seeds),
        modes=tuple(flags.modes),
        data=flags.data,
        preset=flags.preset,
        adaptive=not flags.no_adaptive,
        device=flags.device,
    )
    plans = tuple(paper_plans(wish, describe()))
    folder, names = flags.out.expanduser().resolve(), [name for name, _ in plans]

    def listener(name: str) -> TerminalProgress:
        sys.stderr.write(f"\n{name} ({names.index(name) + 1} of {len(names)})\n")
        return TerminalProgress(sys.stderr)

    try:
        with Stopping() as stopping:
            reports = run_study(plans, folder, listener, lambda: stopping.asked)
    except (Cancelled, KeyboardInterrupt):
        say("\nStopped; what was finished is stored.", "Give the same command to go on.")
        return STOPPED
    sys.stderr.write("\n")
    if flags.results is not None:
        put_tables(reports, flags.results)
    sys.stdout.write(f"Tables: {folder / 'tables.md'}\n")
    return DONE
