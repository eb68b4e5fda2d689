"""What a job function is given: plan, folder, arguments, a progress token, and a way to show pictures. Torch-free."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec

from zepad_engine.jobs.job import Advanced, Line, Order, Outcome, Pictured, Plotted
from zepad_engine.plan import AuditPlan, without_folders
from zepad_engine.progress import Progress
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes

_PERIOD = 0.1


class Context:
    """The surroundings of one job; progress and curve points leave at most ten times a second."""

    def __init__(self, order: Order, wire: BinaryIO) -> None:
        self.job = order.job
        self.args = order.job.args
        self._plan = order.plan
        self.folder = RunFolder(Path(order.folder))
        self.progress = Progress(on_advance=self._advance, on_measure=self._measure)
        self.notices: list[str] = []
        self._wire = wire
        self._points: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._sent = 0.0

    @property
    def plan(self) -> AuditPlan:
        """The audit's plan; jobs outside an audit have none and must not ask."""
        assert self._plan is not None
        return self._plan

    def seed(self, *what: str) -> int:
        """A seed of its own for each use, decided by the plan's seed alone: not by the folders files lie in."""
        text = "/".join((str(self.plan.seed), *map(without_folders, what)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1

    def send(self, line: Line) -> None:
        """Write one line to the director; pending curve points go first."""
        self._flush()
        self._write(line)

    def keep(self, outcome: dict[str, Any], seconds: float) -> None:
        """Store the outcome of an audit's job: it is done once this file is there."""
        if self.job.stage:
            write_bytes(
                self.folder.outcome(self.job.key), msgspec.json.encode(Outcome(seconds=seconds, outcome=outcome))
            )

    def show(self, name: str, caption: str, path: Path) -> None:
        """Tell the window of a picture."""
        self.send(Pictured(key=self.job.key, name=name, caption=caption, path=str(path)))

    def _advance(self, done: float, note: str) -> None:
        if time.monotonic() - self._sent >= _PERIOD:
            self.send(Advanced(key=self.job.key, done=done, note=note))
            self._sent = time.monotonic()

    def _measure(self, series: str, step: float, value: float) -> None:
        prefix = self.args.get("series", self.job.key)
        self._points[f"{prefix}/{series}"].append((step, value))

    def _flush(self) -> None:
        if self._points:
            points, self._points = dict(self._points), defaultdict(list)
            self._write(Plotted(key=self.job.key, points=points))

    def _write(self, line: Line) -> None:
        self._wire.write(msgspec.json.encode(line) + b"\n")
        self._wire.flush()


Function: TypeAlias = Callable[[Context], dict[str, Any]]
