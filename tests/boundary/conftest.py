from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.finished import FinishedRun, finished_run, tiny_inputs
from zepad_engine.bundle_words import BundleOpened
from zepad_engine.messages import (
    Cancelled,
    Event,
    Exported,
    Failed,
    Finished,
    Inspected,
    Ready,
    Request,
    decode_event,
    encode,
)
from zepad_engine.plan import AuditPlan
from zepad_engine.questions import Explained, Judged, Neighboured, Sifted

E = TypeVar("E", bound=Event)
TERMINAL = (Finished, Cancelled, Inspected, Judged, Explained, Neighboured, Sifted, Exported, BundleOpened, Failed)
# Generous: a machine that also does other work.
PATIENCE = 120.0


class RealEngine:
    """The engine process as the window has it: lines down, events up."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zepad_engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.seen: list[Event] = []
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(decode_event(line))
        self._events.put(None)

    def ask(self, request: Request) -> None:
        self.tell(encode(request))

    def tell(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def wait_for(self, *kinds: type[E], patience: float = PATIENCE) -> E:
        """The next event of one of these kinds; a failure nobody waits for fails the test."""
        deadline = time.monotonic() + patience
        while True:
            event = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
            assert event is not None, "the engine ended"
            self.seen.append(event)
            if isinstance(event, kinds):
                return event
            assert not isinstance(event, Failed), event

    def answer(self, request: Request, patience: float = PATIENCE) -> Event:
        self.ask(request)
        return self.wait_for(*TERMINAL, patience=patience)

    def workers(self) -> list[int]:
        return children(self.process.pid)

    def hang_up(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def children(pid: int) -> list[int]:
    """Direct children of a process, as the kernel lists them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def wait_until_gone(pids: list[int], patience: float) -> list[int]:
    """Those still there when the patience is at its end."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        left = [pid for pid in pids if alive(pid)]
        if not left:
            return []
        time.sleep(0.02)
    return [pid for pid in pids if alive(pid)]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return finished_run(tmp_path_factory)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> AuditPlan:
    return tiny_inputs(tmp_path_factory)


@pytest.fixture(scope="session")
def shared_engine() -> Iterator[RealEngine]:
    """One engine for every test that leaves it as it was."""
    engine = RealEngine()
    try:
        engine.wait_for(Ready)
        yield engine
    finally:
        engine.end()


@pytest.fixture
def own_engine() -> Iterator[RealEngine]:
    """An engine a test may break."""
    engine = RealEngine()
    try:
        engine.wait_for(Ready)
        yield engine
    finally:
        engine.end()
