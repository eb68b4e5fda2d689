"""``python -m tests.bench``: measure, print the table, and store it."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import (
    row_audit,
    row_crafting,
    row_fused,
    row_growth,
    row_heads,
    row_inspecting,
    row_pgd,
    row_soak,
    row_tuning,
)
from tests.bench.contest import hold
from tests.bench.subjects import KEPT
from tests.bench.table import entries, markdown, merged, surroundings, write_json

_CONTESTS = {
    "pgd": row_pgd.contests,
    "tuning": row_tuning.contests,
    "crafting": row_crafting.contests,
    "heads": row_heads.contests,
    "fused": row_fused.contests,
}
GROUPS = (*_CONTESTS, "audit", "growth", "inspecting", "window", "soak")
# Half an hour: only where it is asked for.
_USUAL = GROUPS[:-1]


def main() -> None:
    """Measure the rows asked for; older results of other rows stay."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    wishes.add_argument(
        "--rows", default=",".join(_USUAL), help=f"some of {','.join(GROUPS)} (default: all but the last)"
    )
    wishes.add_argument("--rounds", type=int, default=5)
    wishes.add_argument("--out", type=Path, default=Path("tests/bench/results.json"))
    wishes.add_argument("--markdown", type=Path, default=Path("BENCHMARKS.md"))
    wishes.add_argument("--release", type=Path, help="what tests.bench.release_style.audit has written")
    wishes.add_argument("--small", action="store_true", help="hardly any work: shows that it runs, measures nothing")
    wish = wishes.parse_args()
    unknown = set(wish.rows.split(",")) - set(GROUPS)
    if unknown:
        wishes.error(f"no such rows: {', '.join(sorted(unknown))}")
    about = {**surroundings(), "measured": datetime.now(UTC).strftime("%Y-%m-%d")}
    found = json.loads(wish.out.read_bytes()) if wish.out.exists() else []
    with tempfile.TemporaryDirectory() as kept:
        os.environ[KEPT] = kept
        found = _measure_all(wish, about, found)
    sys.stdout.write(markdown(found))


def _measure_all(wish: argparse.Namespace, about: dict[str, str], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for group in (group for group in GROUPS if group in wish.rows.split(",")):
        measured: list[dict[str, Any]] = []
        for entry in _measure(group, wish):
            measured.append({**entry, "group": group, **about})
            sys.stdout.write(f"{entry['row']} / {entry.get('peer_name', '')}: {entry['ratio']:.2f}\n")
            sys.stdout.flush()
        # Stored after each group, so that a kill loses one group at most.
        found = merged(found, measured, GROUPS)
        write_json(found, wish.out)
        wish.markdown.write_text(markdown(found), encoding="utf-8")
    return found


def _measure(group: str, wish: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if group in _CONTESTS:
        for contest in _CONTESTS[group](small=wish.small):
            yield from entries(contest, hold((*contest.ours, *contest.peers), wish.rounds))
    elif group == "audit":
        yield from row_audit.rows(small=wish.small, release=wish.release)
    elif group == "growth":
        yield from row_growth.rows(rounds=wish.rounds, small=wish.small)
    elif group == "inspecting":
        yield from row_inspecting.rows(small=wish.small)
    elif group == "soak":
        yield from row_soak.rows(small=wish.small)
    else:
        yield from _window()


def _window() -> list[dict[str, Any]]:
    """The rows that need Qt, loaded only when asked for; none where they are not there."""
    if importlib.util.find_spec("tests.bench.window") is None:
        sys.stdout.write("window: not measured, tests/bench/window.py is missing\n")
        return []
    found: list[dict[str, Any]] = importlib.import_module("tests.bench.window").rows()
    return found


if __name__ == "__main__":
    main()
