"""The engine process of the window: requests in on stdin, events out on stdout, nothing more. Torch-free itself.

``python -m zepad_engine.worker``. The main thread listens; one thread works; closing stdin ends everything.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from zepad_engine import errors
from zepad_engine.audit import engine_description, run_audit
from zepad_engine.bundle.opening import open_bundle
from zepad_engine.bundle.signing import fingerprint
from zepad_engine.bundle_words import BundleOpened, OpenBundle
from zepad_engine.catalogue import Catalogue
from zepad_engine.comparison import Compare, Compared
from zepad_engine.exporting import export
from zepad_engine.jobs.job import Job, Line, Told
from zepad_engine.jobs.pool import JobFault, WorkerPool
from zepad_engine.jobs.staffing import posts_of, this_machine, with_gpus
from zepad_engine.messages import (
    PROTOCOL_VERSION,
    Cancel,
    Cancelled,
    Continue,
    Device,
    Event,
    Export,
    Exported,
    Failed,
    Finished,
    Inspect,
    Inspected,
    Opened,
    Pause,
    Ready,
    Request,
    RunAudit,
    decode_request,
    encode,
)
from zepad_engine.plan import AuditPlan, plan_from_json
from zepad_engine.plan_checks import require_sound
from zepad_engine.preflight import Preflight
from zepad_engine.questions import Answer, ExplainImage, FindNeighbours, JudgeImage, Question, SiftImages
from zepad_engine.run_folder import RunFolder

# The job that answers each question about a finished run.
_JOBS: Final[dict[type[Question], str]] = {
    JudgeImage: "judge",
    ExplainImage: "explain",
    FindNeighbours: "neighbours",
    SiftImages: "sift",
}


class Engine:
    """Answers requests one at a time; every request ends in exactly one terminal event."""

    def __init__(self, wire: BinaryIO, pool: WorkerPool) -> None:
        self._wire = wire
        self._pool = pool
        self._lock = threading.Lock()
        self._orders: queue.Queue[Request | None] = queue.Queue()
        self._busy: Request | None = None
        self._cancel = threading.Event()
        self._hold = threading.Event()
        self._catalogue: Catalogue | None = None
        self._machine = this_machine()

    def serve(self, requests: BinaryIO) -> None:
        """Listen until the window is gone; then end the workers and this process."""
        threading.Thread(target=self._work, daemon=True).start()
        for line in requests:
            self._receive(line)
        self._pool.kill()

    def send(self, event: Event) -> None:
        """Write one event."""
        with self._lock:
            self._wire.write(encode(event))
            self._wire.flush()

    def _receive(self, line: bytes) -> None:
        try:
            request = decode_request(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
            self.send(
                Failed(request="", code="engine.protocol", sentence="A request made no sense.", detail=str(trouble))
            )
            return
        if isinstance(request, Cancel):
            if isinstance(self._busy, RunAudit | Inspect) and _name(self._busy) == request.run:
                self._cancel.set()
            return
        if isinstance(request, Pause | Continue):
            if isinstance(self._busy, RunAudit) and self._busy.run == request.run:
                (self._hold.set if isinstance(request, Pause) else self._hold.clear)()
            return
        if self._busy is not None:
            self.send(
                Failed(request=_name(request), code="engine.busy", sentence="The engine is busy with something else.")
            )
            return
        self._busy = request
        self._cancel.clear()
        self._hold.clear()
        self._orders.put(request)

    def _work(self) -> None:
        refused = self._answer(None)
        if refused is not None:
            self.send(refused)
        self._pool.start()
        while True:
            request = self._orders.get()
            event = self._answer(request)
            # Free before the terminal event leaves: the window may ask again as soon as it reads it.
            self._busy = None
            if event is not None:
                self.send(event)
            if isinstance(event, Cancelled | Failed):
                self._pool.start()

    def _answer(self, request: Request | None) -> Event | None:
        name = _name(request)
        try:
            if request is None:
                self.send(self._ready())
                return None
            return self._fulfil(request)
        except errors.Cancelled:
            return Cancelled(run=name, folder=request.folder if isinstance(request, RunAudit) else "")
        except JobFault as fault:
            return self._failed(name, fault.code, fault.sentence, fault.advice, fault.detail)
        except errors.AuditError as trouble:
            return Failed(
                request=name,
                code=trouble.code,
                sentence=trouble.sentence,
                advice=trouble.advice,
                choices=trouble.choices,
            )
        except Exception:  # noqa: BLE001 - a fault of ours must reach the window, whatever it is
            detail = traceback.format_exc(limit=20)
            return self._failed(name, "engine.fault", "ZePAD made a mistake.", "Please report it.", detail)

    def _failed(self, name: str, code: str, sentence: str, advice: str, detail: str) -> Failed:
        if detail:
            sys.stderr.write(f"{detail}\n")
        return Failed(request=name, code=code, sentence=sentence, advice=advice, detail=detail)

    def _fulfil(self, request: Request) -> Event:
        match request:
            case RunAudit():
                require_sound(request.plan)
                self._staff(request.plan)
                path = run_audit(
                    request.plan,
                    Path(request.folder),
                    self.send,
                    self._cancel.is_set,
                    held=self._hold.is_set,
                    pool=self._pool,
                    catalogue=self._catalogue,
                    name=request.run,
                )
                return Finished(run=request.run, report=str(path))
            case Inspect():
                return self._inspect(request)
            case JudgeImage() | ExplainImage() | FindNeighbours() | SiftImages():
                return self._question(request)
            case Compare():
                # It reads stored logits, which nothing else in this process does: the start is quicker without.
                from zepad_engine.comparing.compare import keep_comparison

                path = keep_comparison(Path(request.first), Path(request.second))
                return Compared(request=request.request, first=request.first, second=request.second, path=str(path))
            case Export():
                path = export(Path(request.folder), request.format, Path(request.destination))
                return Exported(request=request.request, path=str(path))
            case OpenBundle():
                return _unpacked(request)
            case Cancel() | Pause() | Continue():
                raise AssertionError("answered where it is received")

    def _inspect(self, request: Inspect) -> Inspected:
        def tell(_job: Job, line: Line) -> None:
            if isinstance(line, Told):
                opened = msgspec.convert(line.part["preflight"], Preflight)
                self.send(Opened(request=request.request, path=request.path, preflight=opened))

        says = msgspec.json.encode(request.says).decode()
        job = Job(key="inspect", kind="inspect", args={"path": request.path, "says": says})
        outcome = self._pool.run([job], on_line=tell, cancelled=self._cancel.is_set)[job.key].outcome
        preflight = msgspec.convert(outcome["preflight"], Preflight)
        return Inspected(request=request.request, path=request.path, preflight=preflight, says=request.says)

    def _question(self, question: Question) -> Answer:
        folder = RunFolder(Path(_run_of(question)))
        if not folder.plan.exists():
            raise errors.BadInput("That folder holds no audit.", "Choose a finished run.")
        plan = plan_from_json(folder.plan.read_bytes())
        kind = _JOBS[type(question)]
        job = Job(key=kind, kind=kind, args={"question": msgspec.json.encode(question).decode()})
        outcome = self._pool.run([job], plan=plan, folder=folder.root)[kind].outcome
        return msgspec.convert(outcome["answer"], Answer)  # type: ignore[no-any-return]

    def _ready(self) -> Ready:
        told = engine_description(self._pool)
        self._catalogue = msgspec.convert(told["catalogue"], Catalogue)
        self._machine = with_gpus(self._machine, told)
        self._staff(AuditPlan())
        return Ready(
            protocol=PROTOCOL_VERSION,
            catalogue=self._catalogue,
            device=told["device"],
            workers=self._pool.size,
            speed=told["speed"],
            versions=told["versions"],
            devices=tuple(msgspec.convert(told["able"], list[Device])),
        )

    def _staff(self, plan: AuditPlan) -> None:
        self._pool.employ(posts_of(plan, self._machine, window=True))


def _run_of(question: Question) -> str:
    return question.folder if isinstance(question, SiftImages) else question.subject.folder


def _unpacked(request: OpenBundle) -> BundleOpened:
    folder, checked = open_bundle(Path(request.path), Path(request.parent) if request.parent else None)
    signature = checked.signature
    return BundleOpened(
        request=request.request,
        path=request.path,
        folder=str(folder),
        files=len(checked.manifest.files),
        seal=checked.seal,
        key=fingerprint(signature.public_key) if signature else "",
        signer=signature.signer if signature else "",
    )


def _name(request: Request | None) -> str:
    match request:
        case None:
            return ""
        case RunAudit() | Cancel() | Pause() | Continue():
            return request.run
        case _:
            return request.request


def main() -> int:
    """Serve the window on stdin and stdout."""
    wire = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not reach the wire.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    # The window gets a core whenever it wants one.
    engine = Engine(wire, WorkerPool(polite=True))
    engine.serve(sys.stdin.buffer)
    # The working thread may still wait for a worker: leave without it.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
