"""What the window knows of the engine and of the audit: one immutable value, replaced by every event."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, assert_never

import msgspec

from zepad_engine.card import EncoderCard, Overrides
from zepad_engine.findings import AuditReport, Cell
from zepad_engine.messages import Continued, Failed, Found, Paused, Previewed, Progressed, Ready, Started
from zepad_engine.plan import AuditPlan
from zepad_engine.preflight import Preflight

Phase: TypeAlias = Literal[
    "idle", "starting", "ready", "running", "paused", "cancelling", "cancelled", "done", "failed"
]
EngineState: TypeAlias = Literal["stopped", "starting", "ready"]
StageStatus: TypeAlias = Literal["waiting", "current", "done"]
# News that changes the state; curve points are kept beside it.
Unplotted: TypeAlias = Started | Progressed | Paused | Continued | Previewed | Found
Checks: TypeAlias = Literal["running", "done", "failed"]


class _State(msgspec.Struct, frozen=True, kw_only=True):
    pass


class StageState(_State, frozen=True, kw_only=True):
    """A row of the stage list; ``done`` is 0 to 1, ``share`` its part of the whole work."""

    key: str
    name: str
    share: float
    status: StageStatus = "waiting"
    done: float = 0.0
    seconds: float = 0.0
    note: str = ""


class Inspected(_State, frozen=True, kw_only=True):
    """An encoder the engine has opened.

    Attributes:
        path: what a plan would name.
        request: the question that opened it, whose answer is still to come while ``checks`` are running.
        says: what the user said of the file; the plan carries it on.
        checks: whether the features are being checked, were, or could not be.
    """

    path: str
    preflight: Preflight
    request: str = ""
    says: Overrides = Overrides()
    checks: Checks = "running"

    @property
    def card(self) -> EncoderCard:
        """What is known of the encoder."""
        return self.preflight.card


class Choosing(_State, frozen=True, kw_only=True):
    """A file with several encoders, of which the user must name one; each of ``nets`` suits ``Overrides.net``."""

    path: str
    nets: tuple[str, ...]
    says: Overrides = Overrides()


class State(_State, frozen=True, kw_only=True):
    """Everything pages draw from.

    Attributes:
        phase: where the audit of this session stands; ``frozen``: paused, its running jobs stand still too, they do not
            end first; ``engine`` says whether the engine process can answer.
        run, run_folder, plan: the audit running now or run last.
        done: 0 to 1 of that audit; elapsed and remaining in seconds, remaining None while unknown.
        report, folder: the finished audit at hand, run here or opened from disk.
        error: why the last audit failed.
        inspected: the encoder opened last; ``inspecting`` is the path being opened now, or "".
        choosing: the file that holds several encoders, until the user has chosen.
    """

    phase: Phase = "idle"
    frozen: bool = False
    engine: EngineState = "stopped"
    ready: Ready | None = None
    run: str = ""
    run_folder: Path | None = None
    plan: AuditPlan | None = None
    stages: tuple[StageState, ...] = ()
    done: float = 0.0
    elapsed: float = 0.0
    remaining: float | None = None
    note: str = ""
    cells: tuple[Cell, ...] = ()
    previews: tuple[Previewed, ...] = ()
    report: AuditReport | None = None
    folder: Path | None = None
    error: Failed | None = None
    inspected: Inspected | None = None
    inspecting: str = ""
    choosing: Choosing | None = None

    @property
    def checking(self) -> bool:
        """Whether the features of the encoder opened last are being checked."""
        return self.inspected is not None and self.inspected.checks == "running"

    @property
    def can_pause(self) -> bool:
        """Whether an audit has begun that could be held."""
        return self.phase == "running" and bool(self.stages)

    @property
    def busy(self) -> bool:
        """Whether an audit is running, held, or being stopped."""
        return self.phase in ("running", "paused", "cancelling")


def with_news(state: State, event: Unplotted) -> State:
    """The state after a piece of news of the running audit."""
    match event:
        case Started():
            return begun(state, event)
        case Progressed():
            return advanced(state, event)
        case Paused():
            return turned(state, "running", "paused", frozen=event.frozen)
        case Continued():
            return turned(state, "paused", "running")
        case Previewed():
            return with_preview(state, event)
        case Found():
            return with_cells(state, event.cells)
        case _:
            assert_never(event)


def turned(state: State, before: Phase, after: Phase, *, frozen: bool = False) -> State:
    """From one phase to another; news that comes too late, after a cancel, changes nothing."""
    return msgspec.structs.replace(state, phase=after, frozen=frozen) if state.phase == before else state


def begun(state: State, event: Started) -> State:
    """The state after an audit has told its stages."""
    stages = tuple(StageState(key=stage.key, name=stage.name, share=stage.share) for stage in event.stages)
    return msgspec.structs.replace(state, stages=stages, run_folder=Path(event.folder))


def advanced(state: State, event: Progressed) -> State:
    """The state after one stage has moved; stages may overlap, so the others stay as they are."""
    stages = tuple(_moved(stage, event) if stage.key == event.stage else stage for stage in state.stages)
    return msgspec.structs.replace(
        state, stages=stages, done=event.whole, elapsed=event.elapsed, remaining=event.remaining, note=event.note
    )


def _moved(stage: StageState, event: Progressed) -> StageState:
    status: StageStatus = "done" if event.done >= 1 else "current" if event.done or event.seconds else "waiting"
    return msgspec.structs.replace(stage, status=status, done=event.done, seconds=event.seconds, note=event.note)


def completed(state: State) -> State:
    """The state with every stage done."""
    stages = tuple(msgspec.structs.replace(stage, status="done", done=1.0) for stage in state.stages)
    return msgspec.structs.replace(state, stages=stages, done=1.0, remaining=0.0)


def with_cells(state: State, cells: tuple[Cell, ...]) -> State:
    """The state with new cells; a cell measured again takes the place of the old one."""
    known = {(cell.defence, cell.attack, cell.task, cell.epsilon_255): cell for cell in (*state.cells, *cells)}
    return msgspec.structs.replace(state, cells=tuple(known.values()))


def with_preview(state: State, preview: Previewed) -> State:
    """The state with a new picture; the newest under each key."""
    known = {item.key: item for item in (*state.previews, preview)}
    return msgspec.structs.replace(state, previews=tuple(known.values()))
