"""Contestants measured in turn: round after round, each does a fixed amount of work while the others wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_TAIL = 2000


@dataclass(frozen=True, kw_only=True)
class Side:
    """One contestant.

    Attributes:
        make: "module:function" of what it does; called with ``settings`` and its place among ``processes``.
        threads: torch threads of each process; 0 = what torch takes by itself.
        note: what a reader of its figure must know.
    """

    name: str
    make: str
    settings: dict[str, Any]
    processes: int = 1
    threads: int = 0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One row of the benchmark, of each of ``ours`` against each of ``peers``.

    The figure is items per second, or, where ``time_of`` is given, the seconds (or what the unit says) of that many
    items.
    """

    row: str
    unit: str
    ours: tuple[Side, ...]
    peers: tuple[Side, ...]
    time_of: float | None = None
    note: str = ""


@dataclass
class Result:
    """What one contestant showed: a figure per round; memory in MiB, all its processes together; quality by name."""

    items: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    anonymous_mib: float = 0.0
    resident_mib: float = 0.0
    quality: dict[str, float] = field(default_factory=dict)

    def figures(self, time_of: float | None = None) -> list[float]:
        """A figure per round."""
        pairs = zip(self.items, self.seconds, strict=True)
        if time_of is None:
            return [items / seconds for items, seconds in pairs]
        return [time_of * seconds / items for items, seconds in pairs]


class _Child:
    """One process of a contestant."""

    def __init__(self, side: Side, place: int) -> None:
        command = [sys.executable, "-m", "tests.bench.contestant", side.make, json.dumps(side.settings), str(place)]
        environment = {name: value for name, value in os.environ.items() if name not in _ONE_THREAD}
        self._name = side.name
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**environment, **(_ONE_THREAD if side.threads == 1 else {})},
        )

    def ask(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next line. Raises RuntimeError if the process has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            tail = self._errors.read().decode(errors="replace")[-_TAIL:]
            raise RuntimeError(f"{self._name} ended with {self._process.returncode}:\n{tail}")
        told: dict[str, Any] = json.loads(line)
        return told

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()


def hold(sides: Sequence[Side], rounds: int) -> list[Result]:
    """Every side once per round, one after another; results in the order of ``sides``."""
    results = [Result() for _ in sides]
    with _ready(sides) as teams:
        for _ in range(rounds):
            for team, result in zip(teams, results, strict=True):
                _go(team, result)
        for team, result in zip(teams, results, strict=True):
            team[0].ask("quality")
            result.quality = team[0].answer()
    return results


@contextmanager
def _ready(sides: Sequence[Side]) -> Iterator[list[list[_Child]]]:
    """Warm processes. Few start at once: they are many, and each needs memory of its own while it does."""
    teams: list[list[_Child]] = []
    try:
        for side in sides:
            teams.append([_Child(side, place) for place in range(side.processes)])
            for child in teams[-1]:
                child.answer()
        yield teams
    finally:
        for child in (child for team in teams for child in team):
            child.end()


def _go(team: list[_Child], result: Result) -> None:
    for child in team:
        child.ask("go")
    told = [child.answer() for child in team]
    result.items.append(sum(one["items"] for one in told))
    result.seconds.append(max(one["seconds"] for one in told))
    result.anonymous_mib = max(result.anonymous_mib, sum(one["anonymous_mib"] for one in told))
    result.resident_mib = max(result.resident_mib, sum(one["resident_mib"] for one in told))
