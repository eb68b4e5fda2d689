"""``replay``: run an audit again from its bundle and say of every number whether it came out the same."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from zepad_engine.command_line.gate_flags import BROKEN
from zepad_engine.command_line.guarding import DONE
from zepad_engine.command_line.stopping import Stopping
from zepad_engine.command_line.terminal import TerminalProgress
from zepad_engine.errors import BadInput
from zepad_engine.replaying.replay import Replay, replay
from zepad_engine.replaying.verdicts import TOLERANCE
from zepad_engine.storage import write_bytes

_ORDER = ("equal", "within", "different", "missing")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("source", type=Path, metavar="BUNDLE", help="a .zepad file, or a run folder of this machine")
    parser.add_argument("--only", default="", metavar="STAGE", help="run one stage again on what was made before it")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="NAME=PATH", help="where an image set that is not bundled lies here"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep what is made in this new folder")
    parser.add_argument("--all", action="store_true", help="print the verdict of every number and file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all verdicts to a file")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(flags: argparse.Namespace) -> int:
    """Run it again and tell; the exit code is 5 where a number or file is different or missing."""
    if not flags.source.exists():
        raise BadInput(f"There is no bundle {flags.source}.", "Check the path.")
    sets = dict(map(_located, flags.set))
    progress = TerminalProgress(sys.stderr)
    with tempfile.TemporaryDirectory(prefix="zepad-replay-") as place, Stopping() as stopping:
        try:
            found = replay(
                flags.source,
                flags.out or Path(place) / "run",
                sets=sets,
                stage=flags.only,
                emit=(lambda _event: None) if flags.quiet else progress,
                cancelled=lambda: stopping.asked,
            )
        finally:
            progress.end()
    if flags.json is not None:
        write_bytes(flags.json, msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    sys.stdout.writelines(f"{line}\n" for line in in_lines(found, everything=flags.all))
    return BROKEN if found.differs else DONE


def _located(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if not name or not path:
        raise BadInput(f"{text} does not say where a set lies.", "Write --set NAME=PATH.")
    return name, str(Path(path).expanduser().resolve())


def in_lines(found: Replay, *, everything: bool) -> Iterator[str]:
    """The verdicts as lines of text: a count for each table, then what differs, or all."""
    yield f"Audit {found.run}, run again{f', stage {found.stage} only' if found.stage else ''}: {_sum(found)}"
    yield _expected(found)
    for place, before, now in found.circumstances:
        yield f"  then {before}, now {now}: {place}"
    yield TOLERANCE
    for name, counts in _tables(found).items():
        yield f"  {name:<13} {_counts(counts)}"
    for number in found.numbers:
        if everything or number.verdict not in ("equal", "within"):
            now_ = "nothing" if number.now is None else f"{number.now:g}"
            yield f"{number.verdict:<9} {number.place}: {number.before:g}, now {now_}"
    for file in found.files:
        if everything or file.verdict not in ("equal", "within"):
            apart = "" if file.apart is None else f", largest difference {100 * file.apart:.3g} % of the largest value"
            yield f"{file.verdict:<9} {file.name}{apart}"


def _tables(found: Replay) -> dict[str, Counter[str]]:
    tables: dict[str, Counter[str]] = {}
    for each in found.numbers:
        tables.setdefault(each.place.partition(" / ")[0], Counter())[each.verdict] += 1
    if found.files:
        tables["files"] = Counter(file.verdict for file in found.files)
    return tables


def _sum(found: Replay) -> str:
    counts: Counter[str] = Counter(each.verdict for each in found.numbers)
    same = (
        ""
        if found.stage
        else (
            " The report is the same to the last digit."
            if not found.unlike
            else f" {found.unlike:,} places of it differ."
        )
    )
    return f"{len(found.numbers):,} numbers, {_counts(counts)}.{same}"


def _counts(counts: Counter[str]) -> str:
    named = {"within": "within tolerance"}
    return ", ".join(f"{counts[verdict]:,} {named.get(verdict, verdict)}" for verdict in _ORDER if counts[verdict])


def _expected(found: Replay) -> str:
    if found.circumstances:
        return "Versions, machine or execution differ, so figures are comparable, not equal:"
    if found.arithmetic == "exact":
        return "Same versions, machine and threads, exact arithmetic: every number should be equal."
    return "Same versions, machine and threads, fast arithmetic: figures are comparable, and often equal."
