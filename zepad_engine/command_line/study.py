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
from zepad_engine.findings import AuditReport
from zepad_engine.plan import Mode
from zepad_engine.presets import PRESETS
from zepad_engine.storage import write_bytes
from zepad_engine.study.plans import ATTACKS, DEFENCES, VICTIMS, Wish, paper_plans


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder per audit; resumed if there")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of image sets (default: the bundled samples)")
    parser.add_argument("--victims", nargs="+", choices=tuple(VICTIMS), default=tuple(VICTIMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2), metavar="N")
    parser.add_argument("--modes", nargs="+", choices=get_args(Mode), default=get_args(Mode))
    parser.add_argument("--preset", choices=PRESETS, default="standard")
    more = "also tune with these weights of the regulariser, an audit each"
    parser.add_argument("--lambda", nargs="+", type=float, default=(), dest="weights", metavar="W", help=more)
    parser.add_argument("--attacks", nargs="+", choices=ATTACKS, default=ATTACKS, help="fewer are sooner done")
    parser.add_argument("--defences", nargs="+", choices=DEFENCES, default=DEFENCES, help="fewer are sooner done")
    parser.add_argument("--no-adaptive", action="store_true", help="leave the attacks on the defended systems out")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="worker processes; 0 (default) = one per core"
    )
    parser.add_argument("--tables", action="store_true", help="run nothing: the tables of what is finished in --out")
    parser.add_argument("--results", type=Path, metavar="FILE", help="a page with marks to put the tables into")


def run(flags: argparse.Namespace) -> int:
    """Run what is left of the study and write its tables; the exit code."""
    from zepad_engine.study.running import finished, put_tables
    from zepad_engine.study.tables import study_tables

    if flags.results is not None and not flags.results.is_file():
        raise BadInput(f"There is no file {flags.results}.", "Check the path after --results.")
    folder = flags.out.expanduser().resolve()
    reports = finished(folder) if flags.tables else _run(flags, folder)
    if reports is None:
        return STOPPED
    page = folder / "tables.md"
    write_bytes(page, study_tables(reports).encode())
    if flags.results is not None:
        put_tables(reports, flags.results)
    sys.stdout.write(f"Tables: {page}\n")
    return DONE


def _run(flags: argparse.Namespace, folder: Path) -> dict[str, AuditReport] | None:
    """The reports, or nothing where the user stopped it."""
    from zepad_engine.describe import describe
    from zepad_engine.study.running import run_study

    plans = tuple(paper_plans(_wish(flags), describe()))
    names = [name for name, _ in plans]

    def listener(name: str) -> TerminalProgress:
        sys.stderr.write(f"\n{name} ({names.index(name) + 1} of {len(names)})\n")
        return TerminalProgress(sys.stderr)

    try:
        with Stopping() as stopping:
            reports = run_study(plans, folder, listener, lambda: stopping.asked)
    except (Cancelled, KeyboardInterrupt):
        say("\nStopped; what was finished is stored.", "Give the same command to go on.")
        return None
    sys.stderr.write("\n")
    return reports


def _wish(flags: argparse.Namespace) -> Wish:
    return Wish(
        victims=tuple(flags.victims),
        seeds=tuple(flags.seeds),
        modes=tuple(flags.modes),
        data=flags.data,
        preset=flags.preset,
        attacks=tuple(flags.attacks),
        defences=tuple(flags.defences),
        adaptive=not flags.no_adaptive,
        device=flags.device,
        workers=flags.workers,
        weights=tuple(flags.weights),
    )
