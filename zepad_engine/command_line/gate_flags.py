"""The flags with which an audit becomes a gate: bounds, and a file a build server reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport
from zepad_engine.gating import MEASURES, Bound, bound_from, judge, junit
from zepad_engine.storage import write_bytes

BROKEN: Final = 5


def add_gate_flags(parser: argparse.ArgumentParser) -> None:
    """The flags, in a group of their own."""
    group = parser.add_argument_group(
        "as a gate",
        f"MEASURE is one of {', '.join(MEASURES)}; MEASURE@DEFENCE names another system than zepad. A bound is judged"
        " on the side of the 95 %% interval that is against the encoder; what was not measured breaks it. Exit code"
        f" {BROKEN} if one is broken.",
    )
    group.add_argument("--fail-under", nargs="+", default=[], metavar="MEASURE=SHARE", help="for example ra=0.5")
    group.add_argument("--fail-over", nargs="+", default=[], metavar="MEASURE=SHARE", help="for example asr=0.3")
    group.add_argument("--junit", type=Path, metavar="FILE", help="write the bounds as JUnit XML")


def bounds_of(flags: argparse.Namespace) -> tuple[Bound, ...]:
    """The bounds asked for, read before any work begins.

    Raises:
        BadInput: one makes no sense, or there is a file to write and no bound.
    """
    bounds = (
        *(bound_from(text, "under") for text in flags.fail_under),
        *(bound_from(text, "over") for text in flags.fail_over),
    )
    if flags.junit is not None and not bounds:
        raise BadInput("There is no bound to write to that file.", "Give --fail-under or --fail-over with --junit.")
    return bounds


def pass_gate(report: AuditReport, bounds: tuple[Bound, ...], file: Path | None, *, quiet: bool) -> int:
    """Judge, tell, write the file; the exit code."""
    judged = judge(report, bounds)
    if file is not None:
        write_bytes(file, junit(report, judged))
    if not quiet:
        sys.stdout.writelines(
            f"{'kept' if each.kept else 'BROKEN'}: {each.bound.words}. {each.why}\n" for each in judged
        )
    return 0 if all(each.kept for each in judged) else BROKEN
