"""``doctor``: what is installed, what is missing, and where things are kept."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from zepad_engine.command_line.checks.check import Check
from zepad_engine.command_line.checks.machine import check_devices, check_memory, check_places
from zepad_engine.command_line.checks.packages import check_packages
from zepad_engine.command_line.checks.qt_libraries import check_qt_libraries
from zepad_engine.command_line.guarding import DONE, TROUBLE

_WORDS = {"good": "ok", "note": "note", "bad": "BAD"}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("--json", action="store_true", help="the checks as JSON")


def run(flags: argparse.Namespace) -> int:
    """Print every check; 1 if one of them is bad."""
    checks = [*check_packages(), check_qt_libraries(), *check_devices(), check_memory(), *check_places()]
    if flags.json:
        sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=2) + "\n")
    else:
        sys.stdout.write(as_text(checks))
    return TROUBLE if any(check.level == "bad" for check in checks) else DONE


def as_text(checks: list[Check]) -> str:
    """A line per check, its advice below it, and a closing sentence."""
    lines = []
    for check in checks:
        lines.append(f"{_WORDS[check.level]:<5} {check.name:<20} {check.found}")
        if check.advice:
            lines.append(f"{'':<26} {check.advice}")
    bad = sum(check.level == "bad" for check in checks)
    lines.append("Everything ZePAD needs is there." if not bad else f"{bad} of {len(checks)} checks are bad.")
    return "\n".join(lines) + "\n"
