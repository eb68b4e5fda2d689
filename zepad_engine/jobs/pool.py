"""Worker processes and the order in which they take jobs. Torch-free: the director never loads torch."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from zepad_engine.errors import AuditError, Cancelled, EngineTrouble
from zepad_engine.jobs.freezing import freeze, thaw
from zepad_engine.jobs.job import DESCRIBES, OUT_OF_MEMORY, POLITE, Advanced, Broken, Done, Job, Line, Order, Outcome
from zepad_engine.plan import AuditPlan

_lines: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_TAIL = 40
_POLL_SECONDS = 0.1
# How a worker ends that the system kills, which it does for memory.
_KILLED = -9
_LESS = "Memory may be short: close other programs. "
# One thread until a job asks for more (torch.set_num_threads overrides both), and the workspace with which cuBLAS
# gives the same numbers each time.
_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


class JobFault(EngineTrouble):
    """A fault of ours inside a job; ``detail`` is for the log, never for the user."""

    def __init__(self, sentence: str, advice: str, detail: str, code: str = EngineTrouble.code) -> None:
        super().__init__(sentence, advice, code=code)
        self.detail = detail


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    post: str
    job: Job | None = None
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    ended_by_us: bool = False


@dataclass(frozen=True, slots=True)
class _Ended:
    worker: _Worker


@dataclass
class _Work:
    """What one ``run`` has to do and has done; ``again`` holds jobs that ran out of memory and are to run alone."""

    waiting: list[Job]
    plan: AuditPlan | None
    folder: Path | None
    on_line: Callable[[Job, Line], None]
    finished: dict[str, Outcome] = field(default_factory=dict)
    again: list[Job] = field(default_factory=list)
    notices: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = {job.key for job in self.waiting}

    def due(self) -> list[Job]:
        """Jobs whose needs are met; needs of an earlier sitting are no jobs of this one."""
        open_needs = self._known - self.finished.keys()
        return [job for job in self.waiting if open_needs.isdisjoint(job.needs)]

    def repeat(self, job: Job, notice: str) -> bool:
        """Take a job for a second try, alone; whether this is its first failure."""
        if job.key in self.notices:
            return False
        self.notices[job.key] = notice
        self.again.append(job)
        self.on_line(job, Advanced(key=job.key, done=0.0, note="once more, alone: memory was short"))
        return True

    def notices_of(self, job: Job) -> tuple[str, ...]:
        """What its outcome must say."""
        return (self.notices[job.key],) if job.key in self.notices else ()


class WorkerPool:
    """Warm worker processes, one for each post; one job each at a time. Not for use from two threads.

    A post is the GPU a worker sees, "" for one that sees what there is (staffing.py). ``polite`` workers give way to
    the window.
    """

    def __init__(self, size: int = 1, *, polite: bool = False) -> None:
        self._posts = ("",) * max(1, size)
        self._polite = polite
        self._workers: list[_Worker] = []
        self._held = False
        self._inbox: queue.Queue[tuple[_Worker, Line] | _Ended] = queue.Queue()

    @property
    def size(self) -> int:
        """Worker processes at most."""
        return len(self._posts)

    def run(
        self,
        jobs: Iterable[Job],
        *,
        plan: AuditPlan | None = None,
        folder: Path | None = None,
        on_line: Callable[[Job, Line], None] = lambda _job, _line: None,
        cancelled: Callable[[], bool] = lambda: False,
        held: Callable[[], bool] = lambda: False,
        on_held: Callable[[bool], None] = lambda _held: None,
    ) -> dict[str, Outcome]:
        """Do every job, each after what it needs; gives back the outcomes by key.

        While it is ``held`` no job is given out, and running ones are frozen where the system can do that
        (freezing.py); ``on_held`` is told of each turn. A job that ran out of memory, or whose worker the system
        killed, is tried once more while nothing else runs.

        Raises:
            Cancelled: within a tenth of a second of a cancel; the workers are killed, their files are whole.
            AuditError: the first job that failed; the other workers are stopped.
        """
        work = _Work(list(jobs), plan, folder, on_line)
        try:
            while work.waiting or work.again or self._busy():
                _stop_if(cancelled())
                if held() != self._held:
                    self._hold(not self._held)
                    on_held(self._held)
                if not self._held:
                    self._hand_out(work)
                self._take_in(work)
        except BaseException:
            self._dismiss([worker for worker in self._workers if worker.job])
            raise
        finally:
            self._held = False
        return work.finished

    def start(self) -> None:
        """Start every worker now, so that torch is loaded before it is needed."""
        while self._spawn() is not None:
            pass

    def employ(self, posts: Iterable[str]) -> None:
        """Have a worker at each of these posts from now on; must not be called while jobs run."""
        self._posts = tuple(posts) or ("",)
        free = Counter(self._posts)
        for worker in list(self._workers):
            if free[worker.post]:
                free[worker.post] -= 1
            else:
                self._dismiss([worker])

    def kill(self) -> None:
        """End every worker at once."""
        self._dismiss(self._workers)
        self._inbox = queue.Queue()

    def _dismiss(self, workers: Iterable[_Worker]) -> None:
        leaving = list(workers)
        for worker in leaving:
            self._workers.remove(worker)
            worker.process.kill()
        # A worker that holds much memory takes its time to go: they go together, for somebody waits for a cancel.
        for worker in leaving:
            _bury(worker)

    def _hold(self, held: bool) -> None:
        self._held = held
        for worker in self._busy():
            (freeze if held else thaw)(worker.process.pid)

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.job]

    def _hand_out(self, work: _Work) -> None:
        if any(worker.job and worker.job.key in work.notices for worker in self._workers):
            return
        if work.again:
            if not self._busy():
                # Idle workers hold memory too.
                self._dismiss(self._workers)
                self._give(work.again.pop(0), work)
            return
        for job in work.due():
            if not self._give(job, work):
                return
            work.waiting.remove(job)

    def _give(self, job: Job, work: _Work) -> bool:
        """Give a job to an idle worker; False if there is none."""
        worker = self._idle() or self._spawn(first=job)
        if worker is None:
            return False
        worker.job = job
        folder = str(work.folder) if work.folder else ""
        order = Order(job=job, plan=work.plan, folder=folder, notices=work.notices_of(job))
        assert worker.process.stdin is not None
        # A worker that is gone cannot be written to; its reader thread reports the end, with the job still on it.
        with contextlib.suppress(OSError):
            worker.process.stdin.write(msgspec.json.encode(order) + b"\n")
            worker.process.stdin.flush()
        return True

    def _idle(self) -> _Worker | None:
        for worker in [worker for worker in self._workers if worker.job is None]:
            if worker.process.poll() is None:
                return worker
            self._dismiss([worker])
        return None

    def _take_in(self, work: _Work) -> None:
        try:
            news = self._inbox.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        if isinstance(news, _Ended):
            self._mourn(news.worker, work)
            return
        worker, line = news
        job = worker.job
        # Lines of a worker that was ended, or of an order that is no longer wanted, are late: drop them.
        if worker not in self._workers or job is None or line.key != job.key:
            return
        if isinstance(line, Broken):
            worker.job = None
            if line.code != OUT_OF_MEMORY or not work.repeat(job, _notice(job)):
                raise _as_error(line)
            return
        if isinstance(line, Done):
            work.finished[job.key] = Outcome(seconds=line.seconds, outcome=line.outcome)
            worker.job = None
        work.on_line(job, line)

    def _mourn(self, worker: _Worker, work: _Work) -> None:
        if worker not in self._workers:
            return
        self._workers.remove(worker)
        code = _bury(worker)
        job = worker.job
        if job is None:
            return
        killed = code == _KILLED and not worker.ended_by_us
        if killed and work.repeat(job, _notice(job)):
            return
        why = "killed by the system twice, the second time alone" if killed else f"exit status {code}"
        raise JobFault(
            f"A worker process ended in the middle of {job.key} ({why}).",
            f"{_LESS if killed else ''}Start the audit again: it goes on after the last finished job.",
            "\n".join(worker.errors),
        )

    def _spawn(self, first: Job | None = None) -> _Worker | None:
        """A new worker at a free post; None if there is none. ``first`` is the job it will be given at once."""
        free = list((Counter(self._posts) - Counter(worker.post for worker in self._workers)).elements())
        if not free:
            return None
        post = free[0]
        flags = [POLITE] if self._polite else []
        flags += [DESCRIBES] if first is not None and first.kind == "describe" else []
        process = subprocess.Popen(
            [sys.executable, "-m", "zepad_engine.jobs.process", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT, **({"CUDA_VISIBLE_DEVICES": post} if post else {})},
            # POSIX workers lower their priority themselves.
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if self._polite else 0,
        )
        worker = _Worker(process, post)
        self._workers.append(worker)
        inbox = self._inbox
        threading.Thread(target=_read_lines, args=(worker, inbox), daemon=True).start()
        threading.Thread(target=_read_errors, args=(worker,), daemon=True).start()
        return worker


def _read_lines(worker: _Worker, inbox: queue.Queue[tuple[_Worker, Line] | _Ended]) -> None:
    assert worker.process.stdout is not None
    line = b""
    try:
        with worker.process.stdout as lines:
            for line in lines:
                inbox.put((worker, _lines.decode(line)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Half a line of a dying worker, or no line of ours: either way it is not to be trusted further.
        worker.errors.append("the worker's last line made no sense")
        worker.ended_by_us = line.endswith(b"\n")
        worker.process.kill()
    finally:
        inbox.put(_Ended(worker))


def _read_errors(worker: _Worker) -> None:
    assert worker.process.stderr is not None
    with worker.process.stderr as lines:
        for line in lines:
            worker.errors.append(line.decode(errors="replace").rstrip())


def _bury(worker: _Worker) -> int:
    """Close the dead worker's stdin and give back its exit status."""
    assert worker.process.stdin is not None
    with contextlib.suppress(OSError):
        worker.process.stdin.close()
    return worker.process.wait()


def _notice(job: Job) -> str:
    return f"A worker ran out of memory; the job {job.key} was run again alone."


def _stop_if(cancelled: bool) -> None:
    if cancelled:
        raise Cancelled


def _as_error(line: Broken) -> AuditError:
    if line.code.startswith("engine."):
        return JobFault(line.sentence, line.advice, line.detail, line.code)
    trouble = AuditError(line.sentence, line.advice, code=line.code)
    trouble.choices = line.choices
    return trouble
