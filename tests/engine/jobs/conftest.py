from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.finished import FinishedRun, finished_run
from tests.support.worker_pipes import closed_pipes
from zepad_engine.jobs.pool import WorkerPool

INTERPRETER = sys.executable

# Real worker processes with other kinds of job: ones that misbehave. What real ones are done with is left out:
# torch takes twenty times as long to load as all the rest.
MISBEHAVING = """
import os, subprocess, sys, time, types
from pathlib import Path
table = sys.modules["zepad_engine.jobs.table"] = types.ModuleType("table")
sys.modules["captum.attr"] = types.ModuleType("attr")
from zepad_engine.errors import BadInput
from zepad_engine.jobs import process

def noisy(context):
    print("a stray print")
    os.write(1, b"raw bytes on the descriptor\\n")
    subprocess.run([sys.executable, "-c", "print('a child of the worker')"], check=True)
    context.progress.measure("loss", 0, 0.5)
    context.progress.advance(0.5, "half")
    return {"threads": __import__("torch").get_num_threads(), "environment": os.environ["OMP_NUM_THREADS"]}

def asleep(context):
    time.sleep(600)

def refusing(context):
    raise BadInput("The toy is broken.", "Take another.", code="toy.broken")

def faulty(context):
    print("last words", file=sys.stderr)
    raise RuntimeError("mat1 and mat2 cannot be multiplied")

def _failed_often_enough(context):
    # Counts the tries of a job in a file.
    seen = Path(context.args["seen"])
    before = int(seen.read_text()) if seen.exists() else 0
    seen.write_text(str(before + 1))
    return before >= int(context.args["times"])

def hungry(context):
    if not _failed_often_enough(context):
        time.sleep(0.3)
        raise MemoryError
    return brief(context)

def killed(context):
    if not _failed_often_enough(context):
        time.sleep(0.3)
        os.kill(os.getpid(), 9)
    return brief(context)

def unallocated(context):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

def brief(context):
    began = time.monotonic()
    time.sleep(float(context.args.get("seconds", 0.3)))
    # Workers of this very pool: the test process may have children of other tests.
    tasks = Path(f"/proc/{os.getppid()}/task").glob("*/children")
    children = [pid for path in tasks for pid in path.read_text().split()]
    own = Path("/proc/self/cmdline").read_bytes()
    return {
        "began": began,
        "ended": time.monotonic(),
        "siblings": sum(Path(f"/proc/{pid}/cmdline").read_bytes() == own for pid in children),
        "nice": os.nice(0),
        "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "workspace": os.environ["CUBLAS_WORKSPACE_CONFIG"],
    }

def leaving(context):
    print("goodbye", file=sys.stderr, flush=True)
    os._exit(3)

def half_said(context):
    context._wire.write(b'{"type": "done", "key": ')
    context._wire.flush()
    os.kill(os.getpid(), 9)

KINDS = (noisy, asleep, brief, refusing, faulty, hungry, killed, unallocated, leaving, half_said)
table.FUNCTIONS = {f.__name__: f for f in KINDS}
sys.exit(process.main())
"""

# A worker of the same manners without torch: starts at once. It answers with the times it began and ended.
QUICK = """
import json, sys, time
for line in sys.stdin:
    job = json.loads(line)["job"]
    began = time.monotonic()
    time.sleep(float(job["args"].get("seconds", 0.02)))
    outcome = {"began": began, "ended": time.monotonic()}
    if "say" in job["args"]:
        print(job["args"]["say"], flush=True)
    told = {"type": "advanced", "key": job["key"], "done": 0.5, "note": ""}
    print(json.dumps(told), flush=True)
    print(json.dumps({"type": "done", "key": job["key"], "outcome": outcome, "seconds": 0.0}), flush=True)
"""


@pytest.fixture(autouse=True)
def no_open_pipes():
    with closed_pipes():
        yield


@pytest.fixture
def pool_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Pools whose workers run another program; every worker is gone afterwards."""
    pools: list[WorkerPool] = []

    def make(program: str, size: int) -> WorkerPool:
        script = tmp_path / "worker"
        script.write_text(f"#!{INTERPRETER}\n{program}")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))
        pools.append(WorkerPool(size))
        return pools[-1]

    yield make
    for pool in pools:
        pool.kill()


@pytest.fixture(scope="module")
def auditors():
    """Two workers for all the whole audits of a file, as many as the tiny plan asks for: torch is loaded once."""
    with closed_pipes():
        pool = WorkerPool(2)
        pool.start()
        yield pool
        pool.kill()


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return finished_run(tmp_path_factory)
