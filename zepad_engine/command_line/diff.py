"""``diff``: two finished audits side by side, as a table or as JSON; exit 0 only where nothing but times differs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from zepad_engine.bundle.opening import open_bundle
from zepad_engine.command_line.guarding import DONE, say
from zepad_engine.comparing.compare import compare
from zepad_engine.comparison import (
    LEVEL,
    Comparison,
    Difference,
    MeanDifference,
    comparison_to_json,
    images_in_words,
    interval_text,
    p_text,
    points_text,
)
from zepad_engine.errors import AuditError
from zepad_engine.evidence import Rate

DIFFERENT, UNREADABLE = 1, 2
_SIDES: Final = ("first", "second")

Row = Sequence[str]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this verb."""
    parser.add_argument("first", type=Path, metavar="A", help="run folder of an audit, or a bundle")
    parser.add_argument("second", type=Path, metavar="B", help="those of another")
    parser.add_argument("--all", action="store_true", help="show every rate, not only those that differ beyond chance")
    parser.add_argument("--json", action="store_true", help="print the whole comparison as JSON")


def run(flags: argparse.Namespace) -> int:
    """Print the comparison; the exit code is 0 if nothing differs but times, 1 if something does, 2 if unreadable."""
    try:
        found = _compared(flags.first, flags.second)
    except AuditError as trouble:
        say(trouble.sentence, trouble.advice)
        return UNREADABLE
    if flags.json:
        sys.stdout.write(comparison_to_json(found).decode())
    else:
        sys.stdout.writelines(f"{line}\n" for line in in_lines(found, everything=flags.all))
    return DONE if found.equal else DIFFERENT


def _compared(first: Path, second: Path) -> Comparison:
    """The comparison of two runs, each a folder or a bundle; a bundle is unpacked for as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="zepad-diff-") as place:
        folders = [
            open_bundle(run, Path(place) / side)[0] if run.is_file() else run
            for side, run in zip(_SIDES, (first, second), strict=True)
        ]
        return compare(*folders)


def in_lines(found: Comparison, *, everything: bool = False) -> Iterator[str]:
    """The comparison as lines of text."""
    heads = [
        (side, told.run, told.encoder, f"{told.preset}, seed {told.seed}, {told.epsilon_255:g}/255", told.created_utc)
        for side, told in zip(_SIDES, (found.first, found.second), strict=True)
    ]
    yield from _table(heads)
    yield ""
    yield found.sentence
    yield from _section("Plan", [(c.group, c.field, c.first, "->", c.second) for c in found.plan])
    facts = [(f.group, f.name, f.first, "->", f.second) for f in found.facts if not f.same]
    yield from _section("Beside the plan", facts)
    yield from _section("Test images", [(told,) for told in images_in_words(found)])
    for side, rows in zip(_SIDES, (found.only_first, found.only_second), strict=True):
        yield from _section(f"Only in the {side}", [(name,) for name in rows])
    yield from _section(*_means(found, everything=everything))
    yield from _section(*_rates(found, everything=everything))
    yield from _section("Seconds", [(c.name, _seconds(c.first), "->", _seconds(c.second)) for c in found.costs])
    if not found.equal:
        places = [(unlike.place, unlike.first, "->", unlike.second) for unlike in found.unlike[:10]]
        yield from _section(f"Places of report.json that differ ({found.unlike_count:,}, the first 10)", places)


def _means(found: Comparison, *, everything: bool) -> tuple[str, list[Row]]:
    unseen = [mean for mean in found.means if mean.unseen] or list(found.means)
    rows: list[Row] = [
        (
            found.names.get(mean.defence, mean.defence),
            found.names.get(mean.attack, mean.attack),
            f"{rate_text(mean.first)} -> {rate_text(mean.second)}",
            _difference(mean),
        )
        for mean in unseen
        if everything or not mean.low <= 0 <= mean.high
    ]
    tasks = ", ".join(found.names.get(task, task) for task in unseen[0].tasks) if unseen else ""
    left = f"; {len(unseen) - len(rows)} more whose interval holds zero: --all" if len(rows) < len(unseen) else ""
    return f"Accuracy, mean over {tasks}, with 95 % intervals{left}", rows or [("none whose interval leaves zero out",)]


def _rates(found: Comparison, *, everything: bool) -> tuple[str, list[Row]]:
    shown = [each for each in found.differences if everything or each.stands_out]
    rows: list[Row] = [_rate_row(each, found.names) for each in shown]
    if not rows:
        return "", []
    head = ("task", "attack", "system", "rate", "first -> second", "difference [95 %]", "images", "p", "Holm's p")
    kind = "Rates" if everything else f"Rates that differ beyond chance (Holm's p at most {LEVEL:g})"
    return f"{kind}; {found.tests:,} tests in all", [head, *rows]


def _rate_row(each: Difference, names: dict[str, str]) -> Row:
    compared = f"same {each.first.n:,}" if each.paired else f"{each.first.n:,} and {each.second.n:,}"
    return (
        *(names.get(key, key) for key in (each.task, each.attack, each.defence)),
        each.measure,
        f"{rate_text(each.first, auroc=each.measure == 'AUROC')} -> "
        f"{rate_text(each.second, auroc=each.measure == 'AUROC')}",
        _difference(each),
        compared,
        p_text(each.p),
        p_text(each.holm),
    )


def rate_text(rate: Rate, *, auroc: bool = False) -> str:
    """``73.2 % [71.3, 75.0]``, or an AUROC as a number from 0 to 1."""
    if auroc:
        return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]"
    return f"{100 * rate.value:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def _difference(of: Difference | MeanDifference) -> str:
    return f"{points_text(of)} {interval_text(of)}"


def _seconds(value: float | None) -> str:
    return "not done" if value is None else f"{value:.1f}"


def _section(title: str, rows: Sequence[Row]) -> Iterator[str]:
    if rows:
        yield ""
        yield title
        yield from (f"  {line}" for line in _table(rows))


def _table(rows: Iterable[Row]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
