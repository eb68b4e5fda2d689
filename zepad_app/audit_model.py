"""AuditModel: folds the engine's events into one immutable state, turns wishes into requests; no widgets."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import assert_never

import msgspec
from PySide6.QtCore import QObject, Signal

from zepad_app.engine_port import Answer, EnginePort, News, answered_by, name_of
from zepad_app.history import new_run_folder
from zepad_app.request_queue import RequestQueue
from zepad_app.state import Choosing, Inspected, State, completed, with_news
from zepad_engine import messages, questions
from zepad_engine.bundle_words import BundleOpened, OpenBundle
from zepad_engine.card import Overrides
from zepad_engine.comparison import Compare, Compared
from zepad_engine.errors import AuditError, BadInput
from zepad_engine.findings import report_from_json
from zepad_engine.messages import Event, Request
from zepad_engine.plan import AuditPlan, plan_from_json


class AuditModel(QObject):
    """The audit of this window.

    Attributes:
        curves: points of the running audit's curves, steps rising; ``measured`` names those that have changed.
        told: each piece of the running audit's news, after it was folded in.
    """

    changed = Signal()
    measured = Signal(tuple)
    told = Signal(object)
    inspected = Signal(object)
    judged = Signal(object)
    explained = Signal(object)
    neighboured = Signal(object)
    sifted = Signal(object)
    failed = Signal(object)
    compared = Signal(object)
    unbundled = Signal(object)
    exported = Signal(object)
    finished = Signal(object, object)

    def __init__(self, engine: EnginePort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.curves: dict[str, list[tuple[float, float]]] = {}
        self._state = State()
        self._engine = engine
        self._queue = RequestQueue(engine)
        self._asked: messages.Inspect | None = None
        self._inspections: set[str] = set()
        self._stopped = ""
        engine.received.connect(self._on_received)
        engine.starting.connect(self._on_starting)
        engine.stopped.connect(self._on_stopped)

    @property
    def state(self) -> State:
        """The state as of the last event."""
        return self._state

    def start_engine(self) -> None:
        """Start the engine process; requests wait until it is ready."""
        self._engine.start()

    def inspect(self, path: str | Path, says: Overrides | None = None) -> str:
        """Ask what an encoder file is, read as the user ``says``; returns the request's id.

        Answered by ``inspected`` or ``failed``, unless another file is asked about before. Until this one is open
        the state keeps what was opened last.
        """
        request = messages.Inspect(request=_new_id(), path=str(path), says=says or Overrides())
        self._stop_inspecting()
        if self._ask(request):
            self._asked = request
            self._inspections.add(request.request)
            self._update(inspecting=request.path)
        return request.request

    def forget_inspected(self) -> None:
        """Put the encoder opened last aside, and what is still asked about one."""
        self._stop_inspecting()
        self._asked = None
        self._update(inspected=None, inspecting="", choosing=None)

    def forget_choice(self) -> None:
        """Choose none of the encoders of a file; the one opened before it stays."""
        self._update(choosing=None)

    def start(self, plan: AuditPlan, folder: Path | None = None) -> str:
        """Run a plan in ``folder``, or in a new one under the runs folder; returns the run's id."""
        place = folder or new_run_folder(plan)
        # A run is named after its folder, so that it keeps its name when it is resumed.
        request = messages.RunAudit(run=place.name, plan=plan, folder=str(place))
        if self._refused(request):
            return request.run
        self.curves = {}
        kept = self._state
        self._set(
            State(
                phase="running",
                engine=kept.engine,
                ready=kept.ready,
                run=request.run,
                run_folder=place,
                plan=plan,
                report=kept.report,
                folder=kept.folder,
                inspected=kept.inspected,
            )
        )
        self._queue.push(request)
        return request.run

    def resume(self, folder: Path) -> str:
        """Go on with the plan stored in a run folder; returns the run's id, or "" if there is no plan."""
        try:
            plan = plan_from_json((folder / "plan.json").read_bytes())
        except (OSError, AuditError) as trouble:
            self._refuse("", _unreadable(f"The plan in {folder.name} cannot be read."), str(trouble))
            return ""
        return self.start(plan, folder)

    def cancel(self) -> None:
        """Stop the running audit; what is stored stays."""
        if self._state.phase not in ("running", "paused"):
            return
        if self._state.run != self._queue.flying:
            self._queue.clear()
            self._update(phase="cancelled")
            return
        self._update(phase="cancelling")
        self._engine.send(messages.Cancel(run=self._state.run))

    def pause(self) -> None:
        """Hold the running audit; ``phase`` is "paused" once the engine has said so."""
        if self.state.can_pause and self._state.run == self._queue.flying:
            self._engine.send(messages.Pause(run=self._state.run))

    def go_on(self) -> None:
        """Let a paused audit go on."""
        if self._state.phase == "paused":
            self._engine.send(messages.Continue(run=self._state.run))

    def ask(self, question: questions.Question) -> None:
        """Ask something of a finished run.

        Answered by ``judged``, ``explained``, ``neighboured``, ``sifted`` or ``failed``; a later question of the same
        kind replaces one that has not been sent yet, which is then never answered.
        """
        self._ask(question)

    def export(self, format: str, destination: Path, folder: Path | None = None) -> str:
        """Write the report at hand in one of the `export_formats`; answered by ``exported`` or ``failed``."""
        place = str(folder or self._state.folder or "")
        request = messages.Export(request=_new_id(), folder=place, format=format, destination=str(destination))
        self._ask(request)
        return request.request

    def compare(self, first: Path, second: Path) -> str:
        """Lay two finished runs side by side; returns the request's id, answered by ``compared`` or ``failed``."""
        request = Compare(request=_new_id(), first=str(first), second=str(second))
        self._ask(request)
        return request.request

    def open_bundle(self, path: Path) -> str:
        """Check a bundle and unpack it among the runs; returns the id, answered by ``unbundled`` or ``failed``."""
        request = OpenBundle(request=_new_id(), path=str(path))
        self._ask(request)
        return request.request

    def load_run(self, folder: Path) -> bool:
        """Open a finished audit from disk; ``finished`` follows, or ``failed`` and nothing changes."""
        return self._open_report(folder / "report.json", "")

    def _ask(self, request: Request) -> bool:
        if self._refused(request):
            return False
        self._queue.push(request)
        return True

    def _refused(self, request: Request) -> bool:
        if self._state.busy:
            trouble = BadInput("An audit is running.", "Wait for it, or cancel it first.", code="engine.busy")
            self._refuse(name_of(request), trouble)
        return self._state.busy

    def _update(self, **changes: object) -> None:
        self._set(msgspec.structs.replace(self._state, **changes))

    def _set(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.changed.emit()

    def _refuse(self, name: str, trouble: AuditError, detail: str = "") -> None:
        failure = messages.Failed(
            request=name, code=trouble.code, sentence=trouble.sentence, advice=trouble.advice, detail=detail
        )
        self._fold_failure(failure)

    def _on_starting(self) -> None:
        self._queue.shut()
        phase = "starting" if self._state.phase in ("idle", "ready") else self._state.phase
        self._update(engine="starting", phase=phase)

    def _on_stopped(self) -> None:
        self._queue.shut()
        self._queue.clear()
        if self._asked is not None and self._asked.request != self._queue.flying:
            self._asked = None
        phase = "idle" if self._state.phase in ("starting", "ready") else self._state.phase
        self._update(engine="stopped", phase=phase, inspecting="")

    def _on_received(self, event: Event) -> None:
        if isinstance(event, messages.Ready):
            self._fold_ready(event)
        elif isinstance(event, messages.Opened):
            self._fold_opened(event)
        elif isinstance(event, Answer):
            self._take_answer(event)
        elif event.run == self._state.run and self._state.busy:
            self._fold_news(event)

    def _take_answer(self, event: Answer) -> None:
        name = answered_by(event)
        expected = name == self._queue.flying
        if not expected and not (isinstance(event, messages.Failed) and not name):
            return  # a late answer to something nobody waits for any more
        self._fold_answer(event)
        if expected:
            self._queue.answered()

    def _fold_ready(self, event: messages.Ready) -> None:
        phase = "ready" if self._state.phase in ("idle", "starting") else self._state.phase
        self._update(ready=event, engine="ready", phase=phase)
        self._queue.open()

    def _fold_news(self, event: News) -> None:
        if isinstance(event, messages.Measured):
            for series, points in event.points.items():
                _extend(self.curves.setdefault(series, []), points)
            self.measured.emit(tuple(event.points))
        else:
            self._set(with_news(self._state, event))
        self.told.emit(event)

    def _fold_answer(self, event: Answer) -> None:
        match event:
            case messages.Inspected():
                self._fold_inspected(event)
            case questions.Judged() | questions.Explained() | questions.Neighboured() | questions.Sifted():
                self._pass_on(event)
            case BundleOpened() | Compared() | messages.Exported():
                self._tell_made(event)
            case messages.Finished():
                self._open_report(Path(event.report), event.run)
            case messages.Cancelled():
                self._fold_cancelled(event)
            case messages.Failed():
                self._fold_failure(event)
            case _:
                assert_never(event)

    def _tell_made(self, made: BundleOpened | Compared | messages.Exported) -> None:
        match made:
            case BundleOpened():
                self.unbundled.emit(made)
            case Compared():
                self.compared.emit(made)
            case messages.Exported():
                self.exported.emit(made)

    def _pass_on(self, answer: questions.Answer) -> None:
        match answer:
            case questions.Judged():
                self.judged.emit(answer)
            case questions.Explained():
                self.explained.emit(answer)
            case questions.Neighboured():
                self.neighboured.emit(answer)
            case questions.Sifted():
                self.sifted.emit(answer)
            case _:
                assert_never(answer)

    def _fold_cancelled(self, event: messages.Cancelled) -> None:
        if event.run == self._state.run:
            self._update(phase="cancelled", remaining=None)
        elif self._state.inspected is not None and event.run == self._state.inspected.request:
            self._update(inspected=msgspec.structs.replace(self._state.inspected, checks="failed"))

    def _stop_inspecting(self) -> None:
        """Checks of an encoder that nobody looks at any more may take a while: the engine need not end them."""
        flying = self._queue.flying
        if flying in self._inspections and flying != self._stopped:
            self._stopped = flying
            self._engine.send(messages.Cancel(run=flying))

    def _fold_opened(self, event: messages.Opened) -> None:
        asked = self._asked
        if asked is not None and event.request == asked.request:
            self._asked = None
            opened = Inspected(path=event.path, preflight=event.preflight, request=event.request, says=asked.says)
            self._update(inspected=opened, inspecting="", choosing=None)

    def _fold_inspected(self, event: messages.Inspected) -> None:
        known = Inspected(
            path=event.path, preflight=event.preflight, request=event.request, says=event.says, checks="done"
        )
        if self._asked is not None and event.request == self._asked.request:
            self._asked = None
            self._update(inspected=known, inspecting="", choosing=None)
        elif self._state.inspected is not None and event.request == self._state.inspected.request:
            self._update(inspected=known)
        else:
            return  # another file was opened since, or this one was put aside
        self.inspected.emit(event)

    def _fold_failure(self, event: messages.Failed) -> None:
        if self._state.busy and event.request == self._state.run:
            self._update(phase="failed", error=event, remaining=None)
        if self._is_of_old(event.request):
            return
        if self._asked is not None and event.request == self._asked.request:
            self._fold_refusal(self._asked, event)
        elif self._state.inspected is not None and event.request == self._state.inspected.request:
            self._update(inspected=msgspec.structs.replace(self._state.inspected, checks="failed"))
        self.failed.emit(event)

    def _is_of_old(self, request: str) -> bool:
        """Whether a request asked about an encoder that was put aside since."""
        shown = self._state.inspected.request if self._state.inspected else ""
        asked = self._asked.request if self._asked else ""
        return request in self._inspections and request not in (shown, asked)

    def _fold_refusal(self, asked: messages.Inspect, event: messages.Failed) -> None:
        """The file was not opened: what was opened before stays, and where there is a choice it is offered."""
        self._asked = None
        choosing = self._state.choosing
        if event.choices:
            choosing = Choosing(path=asked.path, nets=event.choices, says=asked.says)
        self._update(inspecting="", choosing=choosing)

    def _open_report(self, path: Path, run: str) -> bool:
        try:
            report = report_from_json(path.read_bytes())
        except (OSError, msgspec.MsgspecError) as trouble:
            self._refuse(run, _unreadable(f"The report in {path.parent.name} cannot be read."), str(trouble))
            return False
        state = msgspec.structs.replace(self._state, report=report, folder=path.parent)
        self._set(msgspec.structs.replace(completed(state), phase="done") if run else state)
        self.finished.emit(report, path.parent)
        return True


def _extend(known: list[tuple[float, float]], points: tuple[tuple[float, float], ...]) -> None:
    """Add new points; those of a job that was run again take the place of what its first try left."""
    while known and points and known[-1][0] >= points[0][0]:
        known.pop()
    known.extend(points)


def _unreadable(sentence: str) -> BadInput:
    return BadInput(sentence, "Choose another folder, or run the audit again.", code="run.unreadable")


def _new_id() -> str:
    return uuid.uuid4().hex[:12]
