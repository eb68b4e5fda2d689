"""Print the event-loop gaps of every story beside their targets, and what ran in the long ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

# Of a story with fewer ticks the p99 says nothing of its own.
ENOUGH = 500
TARGETS = (
    "own: without the time other processes took; its targets: p99 {p99:g} (of 500 ticks and more), max {max:g}. "
    "computed: the most processor time of one gap; at 500 ms the story itself fails."
)


def main() -> int:
    """A line per story, then its gaps whose own time is over the target; always 0, the stories judge themselves."""
    found = [json.loads(path.read_text()) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    own = f"{'own p99':>8} {'own max':>8} {'computed':>8}"
    say(f"{'gaps in ms':<76} {'ticks':>6} {'p50':>7} {'p99':>7} {'max':>8} {own}")
    for gaps in found:
        figures = f"{gaps['ticks']:>6} {gaps['p50']:>7.1f} {gaps['p99']:>7.1f} {gaps['max']:>8.1f}"
        own = f"{gaps['own_p99']:>8.1f} {gaps['own_max']:>8.1f} {gaps['cpu_max']:>8.1f}"
        say(f"{gaps['story'][:75]:<76} {figures} {own}{' over' if is_over(gaps) else ''}")
    say(TARGETS.format(**found[0]["targets"]) if found else "no story was told")
    for gaps in found:
        tell_long(gaps)
    return 0


def is_over(gaps: dict[str, Any]) -> bool:
    """Whether a story's own time misses a target; of few ticks the p99 is just another of the longest gaps."""
    many = gaps["ticks"] >= ENOUGH and gaps["own_p99"] > gaps["targets"]["p99"]
    return bool(many or gaps["own_max"] > gaps["targets"]["max"])


def tell_long(gaps: dict[str, Any]) -> None:
    """What ran in each gap that was the window's own and over the target."""
    for gap in gaps["told"]:
        if gap["own"] > gaps["targets"]["max"]:
            say(f"\n{gaps['story']} at {gap['at']} s: wall {gap['wall']}, own {gap['own']}, processor {gap['cpu']}")
            for line in gap["ran"]:
                say(f"    {line}")


def say(line: str) -> None:
    """One line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
