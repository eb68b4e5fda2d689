"""A job, and the lines a worker process and its director exchange. Torch-free."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from zepad_engine.plan import AuditPlan

# On a worker's command line: give way to the window, which then gets a core whenever it wants one.
POLITE: Final = "--polite"
# On a worker's command line: its first order is the job ``describe``, before everything else is loaded.
DESCRIBES: Final = "--describes"
# Code of a Broken line whose job wanted more memory than there was.
OUT_OF_MEMORY: Final = "engine.memory"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of heavy work.

    Attributes:
        kind: which function of ``table.py`` does it.
        args: what the function needs beside plan and folder.
        needs: keys of the jobs whose files it reads.
        cost: estimated seconds on one core of the reference machine.
        stage: the audit stage it belongs to.
    """

    key: str
    kind: str
    stage: str = ""
    args: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    cost: float = 1.0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Director to worker: do this; ``notices`` are put into the outcome beside the job's own."""

    job: Job
    plan: AuditPlan | None = None
    folder: str = ""
    notices: tuple[str, ...] = ()


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    key: str


class Advanced(_Line, frozen=True, kw_only=True, tag="advanced"):
    """``done`` (0 to 1) of the job is behind us."""

    done: float
    note: str = ""


class Plotted(_Line, frozen=True, kw_only=True, tag="plotted"):
    """New points of live curves."""

    points: dict[str, list[tuple[float, float]]]


class Pictured(_Line, frozen=True, kw_only=True, tag="pictured"):
    """A picture was stored."""

    name: str
    caption: str
    path: str


class Told(_Line, frozen=True, kw_only=True, tag="told"):
    """A part of the outcome that is worth knowing before the job ends."""

    part: dict[str, Any]


class Done(_Line, frozen=True, kw_only=True, tag="done"):
    """The job ended well."""

    outcome: dict[str, Any]
    seconds: float


class Broken(_Line, frozen=True, kw_only=True, tag="broken"):
    """The job failed; ``code`` starts with ``engine.`` where the fault is ours.

    ``choices`` are what the user may choose from, where the input was not clear.
    """

    code: str
    sentence: str
    advice: str = ""
    detail: str = ""
    choices: tuple[str, ...] = ()


Line: TypeAlias = Advanced | Plotted | Pictured | Told | Done | Broken


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What ``jobs/<key>.json`` holds.

    Attributes:
        seconds: how long the job took.
        outcome: what its function gave back; under ``notices`` sentences on what had to be changed on the way.
    """

    seconds: float
    outcome: dict[str, Any]
