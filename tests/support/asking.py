"""Questions of the Inspect page, put to the jobs themselves on a finished run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec

from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.table import FUNCTIONS
from zepad_engine.plan import AuditPlan, plan_from_json
from zepad_engine.questions import (
    Answer,
    ExplainImage,
    FindNeighbours,
    JudgeImage,
    Question,
    SiftImages,
    Subject,
)

_KINDS = {JudgeImage: "judge", ExplainImage: "explain", FindNeighbours: "neighbours", SiftImages: "sift"}


def ask(question: Question) -> Any:
    """The answer of the job, as the window would read it."""
    folder = question.folder if isinstance(question, SiftImages) else question.subject.folder
    kind = _KINDS[type(question)]
    args = {"question": msgspec.json.encode(question).decode()}
    order = Order(job=Job(key=kind, kind=kind, args=args), plan=plan_of(Path(folder)), folder=folder)
    plain = FUNCTIONS[kind](Context(order, io.BytesIO()))["answer"]
    return msgspec.json.decode(msgspec.json.encode(plain), type=Answer)


def plan_of(folder: Path) -> AuditPlan:
    return plan_from_json((folder / "plan.json").read_bytes())


def subject(folder: Path, **changes: Any) -> Subject:
    values = {"image": "test:0", "task": plan_of(folder).tasks[0], **changes}
    return Subject(folder=str(folder), **values)
