"""The first answer of an engine, which an opening window waits for: what it must not wait for itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.jobs.conftest import QUICK
from zepad_engine.jobs.job import DESCRIBES, Job, Told
from zepad_engine.jobs.pool import WorkerPool


def test_describing_the_engine_loads_no_torchvision():
    program = "import sys, zepad_engine.jobs.describing\nprint('torch' in sys.modules, 'torchvision' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="command lines are read from /proc")
def test_only_a_worker_started_to_describe_begins_with_that(pool_of):
    pool = pool_of(QUICK, 2)
    pool.run([Job(key="describe", kind="describe")])
    pool.start()
    lines = [Path(f"/proc/{worker.process.pid}/cmdline").read_bytes().decode() for worker in pool._workers]
    assert [DESCRIBES in line for line in lines] == [True, False]


@pytest.mark.slow
def test_a_worker_that_described_takes_other_jobs_and_the_other_way_round():
    pool = WorkerPool(1)
    try:
        told = pool.run([Job(key="describe", kind="describe")])["describe"].outcome
        assert told["devices"] >= (1 if told["kind"] == "cuda" else 0)
        path = "sample:supcon-cifar10-r18w16"
        lines = []
        outcome = pool.run(
            [Job(key="inspect", kind="inspect", args={"path": path})],
            on_line=lambda _job, line: lines.append(line),
        )["inspect"].outcome
        (early,) = [line.part["preflight"] for line in lines if isinstance(line, Told)]
        assert early["features"] is None
        assert outcome["preflight"]["card"] == early["card"]
        assert outcome["preflight"]["card"]["architecture"]["kind"] == "resnet"
        assert outcome["preflight"]["neighbours"]["low"] > 0.05
        again = pool.run([Job(key="describe", kind="describe")])["describe"].outcome
        assert again["catalogue"] == told["catalogue"]
    finally:
        pool.kill()
