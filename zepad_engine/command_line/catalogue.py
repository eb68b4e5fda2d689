"""``catalogue``: everything a plan may name, as JSON."""

from __future__ import annotations

import argparse
import sys

import msgspec

from zepad_engine.command_line.guarding import DONE


def add_flags(_parser: argparse.ArgumentParser) -> None:
    """This verb has none."""


def run(_flags: argparse.Namespace) -> int:
    """Print the catalogue; the exit code."""
    from zepad_engine.describe import describe

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(describe()), indent=2).decode("utf-8") + "\n")
    return DONE
