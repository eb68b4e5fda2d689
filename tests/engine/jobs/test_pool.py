"""The order of jobs, cancelling, and workers that misbehave; real processes throughout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.engine.jobs.conftest import MISBEHAVING, QUICK
from zepad_engine.errors import AuditError, Cancelled
from zepad_engine.jobs.job import Advanced, Done, Job, Plotted
from zepad_engine.jobs.pool import JobFault, WorkerPool


def job(key, *needs, kind="toy", **args):
    return Job(key=key, kind=kind, needs=needs, args={name: str(value) for name, value in args.items()})


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids(pool: WorkerPool) -> list[int]:
    return [worker.process.pid for worker in pool._workers]


def test_a_job_waits_for_all_it_needs(pool_of):
    pool = pool_of(QUICK, 3)
    jobs = [job("d", "b", "c"), job("c", "a", seconds=0.2), job("b", "a"), job("a", seconds=0.1), job("e")]
    told = {name: outcome.outcome for name, outcome in pool.run(jobs).items()}
    assert set(told) == set("abcde")
    for later, needs in (("b", "a"), ("c", "a"), ("d", "bc")):
        assert all(told[later]["began"] > told[need]["ended"] for need in needs)
    # Nothing held e back.
    assert told["e"]["began"] < told["a"]["ended"]


def test_two_workers_work_at_once_and_one_does_not(pool_of):
    for size, at_once in ((2, True), (1, False)):
        told = pool_of(QUICK, size).run([job("a", seconds=0.5), job("b", seconds=0.5)])
        first, second = sorted((outcome.outcome for outcome in told.values()), key=lambda each: each["began"])
        assert (second["began"] < first["ended"]) == at_once


def test_needs_done_in_an_earlier_sitting_do_not_hold_a_job_back(pool_of):
    assert set(pool_of(QUICK, 1).run([job("b", "a")])) == {"b"}


def test_no_jobs_are_no_work():
    pool = WorkerPool(2)
    assert pool.run([]) == {}
    assert pids(pool) == []


def test_lines_are_told_with_their_job_in_order(pool_of):
    told = []
    pool_of(QUICK, 1).run([job("a"), job("b", "a")], on_line=lambda which, line: told.append((which.key, type(line))))
    assert told == [("a", Advanced), ("a", Done), ("b", Advanced), ("b", Done)]


def test_warm_workers_are_used_again(pool_of):
    pool = pool_of(QUICK, 2)
    pool.start()
    before = pids(pool)
    assert len(before) == 2
    pool.run([job(str(number)) for number in range(6)])
    assert pids(pool) == before


def test_a_pool_goes_on_after_a_cancel(pool_of):
    pool = pool_of(QUICK, 1)
    with pytest.raises(Cancelled):
        pool.run([job("a")], cancelled=lambda: True)
    assert set(pool.run([job("a")])) == {"a"}


def test_cancel_kills_the_workers_in_the_middle_of_their_jobs(pool_of):
    pool, asked = pool_of(QUICK, 2), threading.Event()
    pool.start()
    workers = pids(pool)
    timer = threading.Timer(0.3, asked.set)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        pool.run([job("a", seconds=60), job("b", seconds=60), job("c", "a")], cancelled=asked.is_set)
    # How soon is judged where nothing else runs (tests/boundary/test_engine_process.py).
    assert time.monotonic() - started < 20
    assert [pid for pid in workers if alive(pid)] == []
    assert pids(pool) == []
    timer.join()


@pytest.mark.slow
def test_the_first_failure_stops_the_others(pool_of):
    pool = pool_of(MISBEHAVING, 2)
    with pytest.raises(AuditError, match="The toy is broken. Take another.") as caught:
        pool.run([job("sleeper", kind="asleep"), job("broken", kind="refusing")])
    assert caught.value.code == "toy.broken"
    assert not isinstance(caught.value, JobFault)
    # The worker that refused is well and stays warm; the one that slept is gone.
    assert len(pids(pool)) == 1
    assert set(pool.run([job("toy", kind="brief")])) == {"toy"}


@pytest.mark.slow
def test_a_stray_print_does_not_reach_the_wire(pool_of):
    lines = []
    pool = pool_of(MISBEHAVING, 1)
    found = pool.run([job("loud", kind="noisy", series="toy")], on_line=lambda _job, line: lines.append(line))
    assert found["loud"].outcome == {"threads": 1, "environment": "1"}
    plotted = next(line for line in lines if isinstance(line, Plotted))
    assert plotted.points == {"toy/loss": [(0.0, 0.5)]}
    said = "\n".join(pool._workers[0].errors)
    for words in ("a stray print", "raw bytes on the descriptor", "a child of the worker"):
        assert words in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "sentence", "detail"),
    [
        ("faulty", "ZePAD made a mistake in the job toy.", "mat1 and mat2 cannot be multiplied"),
        ("unallocated", "There was not enough memory.", "DefaultCPUAllocator"),
        ("leaving", "A worker process ended in the middle of toy (exit status 3).", "goodbye"),
    ],
)
def test_a_fault_of_ours_names_the_job_and_keeps_the_details_for_the_log(pool_of, kind, sentence, detail):
    with pytest.raises(JobFault) as caught:
        pool_of(MISBEHAVING, 1).run([job("toy", kind=kind)])
    assert caught.value.sentence == sentence
    assert detail in caught.value.detail
    assert detail not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["killed", "hungry"])
def test_a_job_without_memory_is_run_again_alone_and_says_so(pool_of, tmp_path, kind):
    pool, told = pool_of(MISBEHAVING, 2), []
    jobs = [
        job("big", kind=kind, times=1, seen=tmp_path / "seen"),
        job("other", kind="brief"),
        job("last", kind="brief"),
    ]
    found = pool.run(jobs, on_line=lambda which, line: told.append((which.key, line)))
    assert found["big"].outcome["notices"] == ["A worker ran out of memory; the job big was run again alone."]
    assert "notices" not in found["other"].outcome
    # The second try: nothing else ran, not even an idle worker was left to hold memory.
    assert found["big"].outcome["siblings"] == 1
    spans = {name: outcome.outcome for name, outcome in found.items()}
    for name in ("other", "last"):
        assert spans[name]["ended"] < spans["big"]["began"] or spans[name]["began"] > spans["big"]["ended"]
    again = [line for key, line in told if key == "big" and isinstance(line, Advanced)]
    assert [(line.done, line.note) for line in again] == [(0.0, "once more, alone: memory was short")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("killed", "A worker process ended in the middle of big (killed by the system twice, the second time alone)."),
        ("hungry", "There was not enough memory."),
    ],
)
def test_a_job_without_memory_twice_is_a_fault_that_names_it(pool_of, tmp_path, kind, sentence):
    pool = pool_of(MISBEHAVING, 1)
    with pytest.raises(JobFault) as caught:
        pool.run([job("big", kind=kind, times=2, seen=tmp_path / "seen")])
    assert caught.value.sentence.startswith(sentence)
    assert (tmp_path / "seen").read_text() == "2"


@pytest.mark.slow
def test_workers_of_a_window_give_way_and_others_do_not(pool_of):
    polite, plain = pool_of(MISBEHAVING, 1), pool_of(MISBEHAVING, 1)
    polite._polite = True
    own = os.nice(0)
    assert polite.run([job("toy", kind="brief")])["toy"].outcome["nice"] == min(own + 10, 19)
    assert plain.run([job("toy", kind="brief")])["toy"].outcome["nice"] == own


@pytest.mark.slow
def test_each_post_has_a_worker_that_sees_its_gpu_only(pool_of, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    pool = pool_of(MISBEHAVING, 1)
    before = pool.run([job("toy", kind="brief")])["toy"].outcome
    assert (before["gpu"], before["workspace"]) == (None, ":4096:8")
    (warm,) = pids(pool)
    pool.employ(["0", "1"])
    assert pids(pool) == []
    assert not alive(warm)
    told = pool.run([job("a", kind="brief", seconds=1), job("b", kind="brief", seconds=1)])
    assert {outcome.outcome["gpu"] for outcome in told.values()} == {"0", "1"}
    kept = pids(pool)
    pool.employ(["1"])
    assert len(pids(pool)) == 1
    assert set(pids(pool)) < set(kept)
    assert pool.run([job("c", kind="brief")])["c"].outcome["gpu"] == "1"


def test_an_idle_worker_that_died_is_replaced(pool_of):
    pool = pool_of(QUICK, 1)
    pool.run([job("a")])
    (pid,) = pids(pool)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while pool._inbox.empty() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(pool.run([job("b")])) == {"b"}


@pytest.mark.slow
@pytest.mark.parametrize("program", ["half a line", "garbage"])
def test_a_line_that_makes_no_sense_ends_the_job_and_does_not_hang(pool_of, program):
    if program == "garbage":
        pool, toy = pool_of(QUICK, 1), job("toy", say="this is no JSON")
    else:
        pool, toy = pool_of(MISBEHAVING, 1), job("toy", kind="half_said")

    # Half a line comes of a worker killed in the middle: it is tried twice.
    deadline = time.monotonic() + (4 if program == "garbage" else 30)

    def out_of_time() -> bool:
        if time.monotonic() > deadline:
            raise TimeoutError
        return False

    with pytest.raises(JobFault):
        pool.run([toy], cancelled=out_of_time)


@pytest.mark.slow
def test_a_worker_ends_when_its_director_is_gone():
    """Two real workers; their director is killed the hard way."""
    program = (
        "import sys, time\n"
        "from zepad_engine.jobs.pool import WorkerPool\n"
        "pool = WorkerPool(2)\n"
        "pool.start()\n"
        "print(*[worker.process.pid for worker in pool._workers], flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as director:
        assert director.stdout is not None
        workers = [int(pid) for pid in director.stdout.readline().split()]
        assert len(workers) == 2
        director.kill()
    # They may still be loading torch, beside other work.
    deadline = time.monotonic() + 120
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in workers if alive(pid)] == []


@pytest.mark.slow
def test_a_worker_in_a_silent_job_ends_when_its_director_is_gone(tmp_path):
    """The job never writes, so no broken pipe tells it."""
    worker = tmp_path / "worker"
    worker.write_text(f"#!{sys.executable}\n{MISBEHAVING}")
    worker.chmod(0o755)
    program = (
        "import sys, threading, time\n"
        "from zepad_engine.jobs.job import Job\n"
        "from zepad_engine.jobs.pool import WorkerPool\n"
        f"sys.executable = {str(worker)!r}\n"
        "pool = WorkerPool(1)\n"
        "pool.run([Job(key='a', kind='brief', args={'seconds': '0'})])\n"
        "threading.Thread(target=pool.run, args=([Job(key='b', kind='asleep')],), daemon=True).start()\n"
        "print(pool._workers[0].process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as director:
        assert director.stdout is not None
        pid = int(director.stdout.readline())
        time.sleep(0.5)
        assert alive(pid)
        director.kill()
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


@pytest.mark.slow
def test_kill_closes_the_pipes_of_its_workers(pool_of):
    pool = pool_of(QUICK, 1)
    pool.run([job("a")])
    process = pool._workers[0].process
    pool.kill()
    deadline = time.monotonic() + 2
    pipes = (process.stdin, process.stdout, process.stderr)
    while time.monotonic() < deadline and not all(pipe.closed for pipe in pipes):
        time.sleep(0.02)
    assert all(pipe.closed for pipe in pipes)
