"""The wire between window and engine: JSON lines, requests down, events up. Nothing else may cross. Torch-free.

Every request ends in exactly one terminal event: Finished, Cancelled, Inspected, Compared, Exported, Failed, or the
answer that ``questions.py`` names. Pictures are paths of files inside the run folder.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from zepad_engine.bundle_words import BundleOpened, OpenBundle
from zepad_engine.card import Overrides
from zepad_engine.catalogue import Catalogue
from zepad_engine.comparison import Compare, Compared
from zepad_engine.findings import Cell
from zepad_engine.plan import AuditPlan
from zepad_engine.preflight import Preflight
from zepad_engine.questions import Answer, Question

PROTOCOL_VERSION = 2


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class Inspect(_Message, frozen=True, kw_only=True, tag="inspect"):
    """Open an encoder file (or ``sample:<name>``); answered by Opened and then Inspected, or by Failed.

    Attributes:
        says: what the user says of the file.
    """

    request: str
    path: str
    says: Overrides = Overrides()


class RunAudit(_Message, frozen=True, kw_only=True, tag="run_audit"):
    """Run a plan in ``folder`` (made if missing; resumed if it holds the same plan)."""

    run: str
    plan: AuditPlan
    folder: str


class Cancel(_Message, frozen=True, kw_only=True, tag="cancel"):
    """Stop the running audit, what is stored stays; or the inspection of an encoder, ``run`` is then its request."""

    run: str


class Pause(_Message, frozen=True, kw_only=True, tag="pause"):
    """Hold the running audit; Paused tells that it holds. The audit's own terminal event comes later, as ever."""

    run: str


class Continue(_Message, frozen=True, kw_only=True, tag="continue"):
    """Let a paused audit go on; Continued tells that it does."""

    run: str


class Export(_Message, frozen=True, kw_only=True, tag="export"):
    """Write a finished run's report to ``destination``; ``format`` is a key of ``export_formats``."""

    request: str
    folder: str
    format: str
    destination: str


class StageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of the audit as the stage list shows it; ``share`` is its part of the whole estimated work, 0 to 1."""

    key: str
    name: str
    share: float


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can compute; ``key`` is what a plan calls it, bytes are None where the system does not tell."""

    key: str
    name: str
    kind: Literal["cpu", "cuda"]
    free: int | None = None
    total: int | None = None


class Ready(_Message, frozen=True, kw_only=True, tag="ready"):
    """The engine is up; ``speed`` is one worker's arithmetic relative to the machine the estimates come from.

    ``device`` is the name of what "auto" takes; ``devices`` are all a plan may name, the processor first, as of now.
    """

    protocol: int
    catalogue: Catalogue
    device: str
    workers: int
    speed: float
    versions: dict[str, str]
    devices: tuple[Device, ...] = ()


class Opened(_Message, frozen=True, kw_only=True, tag="opened"):
    """The file is an encoder; its features are being checked."""

    request: str
    path: str
    preflight: Preflight


class Inspected(_Message, frozen=True, kw_only=True, tag="inspected"):
    """The whole preflight of an encoder; ``says`` is what it was opened with."""

    request: str
    path: str
    preflight: Preflight
    says: Overrides = Overrides()


class Started(_Message, frozen=True, kw_only=True, tag="started"):
    """An audit began; stages in order."""

    run: str
    folder: str
    stages: tuple[StageInfo, ...]


class Progressed(_Message, frozen=True, kw_only=True, tag="progressed"):
    """Where a stage stands.

    Attributes:
        done: 0 to 1 of the stage; whole: 0 to 1 of the audit.
        elapsed: seconds since the audit began; remaining: seconds it will still take, or None if not known yet.
        seconds: seconds spent in this stage so far.
    """

    run: str
    stage: str
    done: float
    whole: float
    elapsed: float
    remaining: float | None = None
    seconds: float = 0.0
    note: str = ""


class Paused(_Message, frozen=True, kw_only=True, tag="paused"):
    """The audit is held: no job begins. ``frozen``: running ones stand still too; else they end first."""

    run: str
    frozen: bool


class Continued(_Message, frozen=True, kw_only=True, tag="continued"):
    """A paused audit goes on."""

    run: str


class Measured(_Message, frozen=True, kw_only=True, tag="measured"):
    """New points of live curves: series name to (step, value) pairs, e.g. ``tuned_victim/cross_entropy``."""

    run: str
    points: dict[str, tuple[tuple[float, float], ...]]


class Previewed(_Message, frozen=True, kw_only=True, tag="previewed"):
    """A picture of the run was stored: the perturbation (amplified) or clean / perturbed / difference strips."""

    run: str
    key: str
    caption: str
    path: str


class Found(_Message, frozen=True, kw_only=True, tag="found"):
    """New cells of the result table, stored before they are sent."""

    run: str
    cells: tuple[Cell, ...]


class Finished(_Message, frozen=True, kw_only=True, tag="finished"):
    """The audit is complete; ``report`` is the path of report.json."""

    run: str
    report: str


class Cancelled(_Message, frozen=True, kw_only=True, tag="cancelled"):
    """Stopped at the user's wish: an audit, which can be resumed in ``folder``; or an inspection, ``folder`` is ""."""

    run: str
    folder: str


class Exported(_Message, frozen=True, kw_only=True, tag="exported"):
    """A report was written."""

    request: str
    path: str


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """A request failed; ``request`` is its id or run.

    Attributes:
        code: stable name of the trouble, e.g. ``encoder.unknown``; ``engine.*`` are faults of ours.
        detail: for the copy button only; never shown by itself.
        choices: where the user must choose (``encoder.several``), among what; each suits ``Overrides.net``.
    """

    request: str
    code: str
    sentence: str
    advice: str = ""
    detail: str = ""
    choices: tuple[str, ...] = ()


Request: TypeAlias = Inspect | RunAudit | Cancel | Pause | Continue | Question | Compare | Export | OpenBundle
Event: TypeAlias = (
    Ready
    | Opened
    | Inspected
    | Started
    | Progressed
    | Paused
    | Continued
    | Measured
    | Previewed
    | Found
    | Finished
    | Cancelled
    | Answer
    | Compared
    | BundleOpened
    | Exported
    | Failed
)

_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(message: Request | Event) -> bytes:
    """One line, newline included."""
    return msgspec.json.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a request; raises msgspec.DecodeError on anything else."""
    return _requests.decode(line)


def decode_event(line: bytes) -> Event:
    """Read an event; raises msgspec.DecodeError on anything else."""
    return _events.decode(line)
