"""A held pool: nothing begins, running jobs stand still, a cancel or a death ends them all the same."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from tests.engine.jobs.conftest import QUICK
from zepad_engine.errors import Cancelled
from zepad_engine.jobs.job import Job
from zepad_engine.jobs.pool import JobFault, WorkerPool
from zepad_engine.working_time import WorkingTime

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can freeze a worker")

# Counts in small steps what it has worked, so that a pause does not add to it.
COUNTING = """
import json, sys, time
for line in sys.stdin:
    job = json.loads(line)["job"]
    steps = int(job["args"]["steps"])
    for step in range(steps):
        time.sleep(0.02)
        print(json.dumps({"type": "advanced", "key": job["key"], "done": step / steps, "note": ""}), flush=True)
    outcome = {"ended": time.monotonic()}
    print(json.dumps({"type": "done", "key": job["key"], "outcome": outcome, "seconds": 0}), flush=True)
"""


def job(key, *needs, **args):
    return Job(key=key, kind="toy", needs=needs, args={name: str(value) for name, value in args.items()})


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - procfs
        return file.read().rpartition(")")[2].split()[0]


class Held:
    """Holds a pool from its first line of progress on, until it is told to let go."""

    def __init__(self, pool: WorkerPool) -> None:
        self.flag, self.turns, self.lines = threading.Event(), [], []
        self._pool = pool
        self.stopped = threading.Event()

    def line(self, _job, _line) -> None:
        self.lines.append(time.monotonic())
        if not self.turns:
            self.flag.set()

    def turned(self, held: bool) -> None:
        self.turns.append(held)
        if held:
            self.stopped.set()

    def run(self, jobs, cancelled=lambda: False):
        return self._pool.run(jobs, on_line=self.line, held=self.flag.is_set, on_held=self.turned, cancelled=cancelled)


def in_the_background(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_held_pool_stands_still_and_then_goes_on(pool_of):
    pool = pool_of(COUNTING, 1)
    held = Held(pool)
    told, seen = [], {}

    def let_go():
        held.stopped.wait(10)
        time.sleep(0.3)
        seen["state"] = state(pool._workers[0].process.pid)
        seen["lines"] = len(held.lines)
        time.sleep(0.5)
        seen["still"] = len(held.lines)
        told.append(time.monotonic())
        held.flag.clear()

    watcher = in_the_background(let_go)
    done = held.run([job("a", steps=20), job("b", "a", steps=1)])
    watcher.join()
    assert set(done) == {"a", "b"}
    assert held.turns == [True, False]
    assert seen["state"] == "T"
    assert seen["lines"] == seen["still"]
    assert all(outcome.outcome["ended"] > told[0] for outcome in done.values())


def test_a_cancel_ends_a_held_pool_at_once(pool_of):
    pool = pool_of(COUNTING, 2)
    held = Held(pool)
    asked = []

    def cancelled():
        if held.stopped.is_set() and not asked:
            asked.append(time.monotonic())
        return bool(asked)

    with pytest.raises(Cancelled):
        held.run([job("a", steps=500), job("b", steps=500)], cancelled)
    # The jobs would take far longer.
    assert time.monotonic() - asked[0] < 5
    assert pool._workers == []
    # The next run is not held by what was left of this one.
    assert set(pool.run([job("c", steps=1)])) == {"c"}


def test_a_worker_that_dies_while_held_is_told_of(pool_of):
    pool = pool_of(QUICK, 1)
    held = Held(pool)

    def kill():
        while not pool._workers:
            time.sleep(0.01)
        held.flag.set()
        held.stopped.wait(10)
        os.kill(pool._workers[0].process.pid, signal.SIGTERM)
        os.kill(pool._workers[0].process.pid, signal.SIGCONT)

    killer = in_the_background(kill)
    with pytest.raises(JobFault, match="A worker process ended in the middle of a"):
        held.run([job("a", seconds=60)])
    killer.join()


def test_the_clock_of_work_stands_still_while_paused(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = WorkingTime()
    began = clock.seconds()
    for action, passed in ((None, 5.0), (clock.pause, 60.0), (clock.pause, 1.0), (clock.go_on, 2.0)):
        if action is not None:
            action()
        now[0] += passed
    assert clock.seconds() - began == pytest.approx(7.0)
    clock.go_on()
    clock.leave_out(3.0)
    assert clock.seconds() - began == pytest.approx(4.0)
