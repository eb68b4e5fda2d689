"""Worker processes and the order in which they take jobs. Torch-free: the director never loads torch."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zepad_engine.errors import AuditError, Cancelled, EngineTrouble
from zepad_engine.jobs.job import Broken, Done, Job, Line, Order, Outcome
from zepad_engine.plan import AuditPlan

_lines: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_TAIL = 40
_POLL_SECONDS = 0.1


class JobFault(EngineTrouble):
    """A fault of ours inside a job; ``detail`` is for the log, never for the user."""

    def __init__(self, sentence: str, advice: str, detail: str, code: str = EngineTrouble.code) -> None:
        super().__init__(sentence, advice, code=code)
        self.detail = detail


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    job: Job | None = None
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))


@dataclass(frozen=True, slots=True)
class _Ended:
    worker: _Worker


class WorkerPool:
    """Up to ``size`` warm worker processes; one job each at a time. Not for use from two threads."""

    def __init__(self, size: int) -> None:
        self.size = max(1, size)
        self._workers: list[_Worker] = []
        self._inbox: queue.Queue[tuple[_Worker, Line] | _Ended] = queue.Queue()

    def run(
        self,
        jobs: Iterable[Job],
        *,
        plan: AuditPlan | None = None,
        folder: Path | None = None,
        on_line: Callable[[Job, Line], None] = lambda _job, _line: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> dict[str, Outcome]:
        """Do every job, each after what it needs; gives back the outcomes by key.

        Raises:
            Cancelled: within a tenth of a second of a cancel; the workers are killed, their files are whole.
            AuditError: the first job that failed; the other workers are stopped.
        """
        waiting = list(jobs)
        known = {job.key for job in waiting}
        finished: dict[str, Outcome] = {}
        try:
            while waiting or self._busy():
                _stop_if(cancelled())
                self._hand_out(waiting, known, finished, plan, folder)
                self._take_in(finished, on_line)
        except BaseException:
            self._end_busy()
            raise
        return finished

    def start(self) -> None:
        """Start every worker now, so that torch is loaded before it is needed."""
        while len(self._workers) < self.size:
            self._spawn()

    def resize(self, size: int) -> None:
        """Use ``size`` workers from now on; must not be called while jobs run."""
        self.size = max(1, size)
        for worker in self._workers[self.size :]:
            self._workers.remove(worker)
            worker.process.kill()
            _bury(worker)

    def kill(self) -> None:
        """End every worker at once."""
        for worker in self._workers:
            worker.process.kill()
            _bury(worker)
        self._workers.clear()
        self._inbox = queue.Queue()

    def _end_busy(self) -> None:
        """End the workers that still have a job; the others stay warm."""
        for worker in [worker for worker in self._workers if worker.job]:
            self._workers.remove(worker)
            worker.process.kill()
            _bury(worker)

    def _busy(self) -> bool:
        return any(worker.job for worker in self._workers)

    def _hand_out(
        self,
        waiting: list[Job],
        known: set[str],
        finished: dict[str, Outcome],
        plan: AuditPlan | None,
        folder: Path | None,
    ) -> None:
        for job in list(waiting):
            if any(need in known and need not in finished for need in job.needs):
                continue
            worker = self._idle()
            if worker is None:
                return
            waiting.remove(job)
            worker.job = job
            order = Order(job=job, plan=plan, folder=str(folder) if folder else "")
            assert worker.process.stdin is not None
            try:
                worker.process.stdin.write(msgspec.json.encode(order) + b"\n")
                worker.process.stdin.flush()
            except OSError:
                # The worker is gone; its reader thread reports the end, with the job still on it.
                return

    def _idle(self) -> _Worker | None:
        for worker in list(self._workers):
            if worker.job is None and worker.process.poll() is not None:
                self._mourn(worker)
            elif worker.job is None:
                return worker
        return self._spawn() if len(self._workers) < self.size else None

    def _take_in(self, finished: dict[str, Outcome], on_line: Callable[[Job, Line], None]) -> None:
        try:
            news = self._inbox.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        if isinstance(news, _Ended):
            self._mourn(news.worker)
            return
        worker, line = news
        job = worker.job
        # Lines of a worker that was ended, or of an order that is no longer wanted, are late: drop them.
        if worker not in self._workers or job is None or line.key != job.key:
            return
        if isinstance(line, Broken):
            worker.job = None
            raise _as_error(line)
        if isinstance(line, Done):
            finished[job.key] = Outcome(seconds=line.seconds, outcome=line.outcome)
            worker.job = None
        on_line(job, line)

    def _mourn(self, worker: _Worker) -> None:
        if worker not in self._workers:
            return
        self._workers.remove(worker)
        code = _bury(worker)
        if worker.job is None:
            return
        why = "the system may have run out of memory" if code == -9 else f"exit status {code}"
        raise JobFault(
            f"A worker process ended in the middle of {worker.job.key} ({why}).",
            "Start the audit again: it goes on after the last finished job.",
            "\n".join(worker.errors),
        )

    def _spawn(self) -> _Worker:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "zepad_engine.jobs.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        worker = _Worker(process)
        self._workers.append(worker)
        inbox = self._inbox
        threading.Thread(target=_read_lines, args=(worker, inbox), daemon=True).start()
        threading.Thread(target=_read_errors, args=(worker,), daemon=True).start()
        return worker


def _read_lines(worker: _Worker, inbox: queue.Queue[tuple[_Worker, Line] | _Ended]) -> None:
    assert worker.process.stdout is not None
    try:
        with worker.process.stdout as lines:
            for line in lines:
                inbox.put((worker, _lines.decode(line)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Half a line of a dying worker, or no line of ours: either way it is not to be trusted further.
        worker.errors.append("the worker's last line made no sense")
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


def _stop_if(cancelled: bool) -> None:
    if cancelled:
        raise Cancelled


def _as_error(line: Broken) -> AuditError:
    if line.code.startswith("engine."):
        return JobFault(line.sentence, line.advice, line.detail, line.code)
    return AuditError(line.sentence, line.advice, code=line.code)
