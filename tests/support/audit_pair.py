"""Two finished audits on disk without running any: a report each, and what each said of every test image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.support.sample_report import sample_report
from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport, Cell, report_to_json
from zepad_engine.metrics import rate_of
from zepad_engine.per_image import PerImage, digest_of, write_per_image
from zepad_engine.plan import plan_to_json
from zepad_engine.run_folder import RunFolder


def picture_digests(count: int, *, first: int = 0) -> tuple[bytes, ...]:
    """Digests of invented pictures, the same for the same number."""
    numbers = range(first, first + count)
    return tuple(digest_of(np.full((3, 2, 2), number % 256, dtype=np.uint8), f"{number}") for number in numbers)


def flags(count: int, *true: int) -> np.ndarray:
    made = np.zeros(count, dtype=bool)
    made[list(true)] = True
    return made


def cell(task: str, defence: str, attack: str, wrong: np.ndarray) -> Cell:
    """A cell that agrees with ``wrong``, (N,)."""
    right, of = rate_of(~wrong), {"defence": defence, "attack": attack, "task": task}
    return Cell(**of, epsilon_255=0.0, ba=right) if attack == "none" else Cell(**of, epsilon_255=10.0, ra=right)


def store_audit(folder: Path, report: AuditReport, answers: dict[str, PerImage] | None = None) -> Path:
    """A finished run folder of ``report``, with what it said of each image by task."""
    run = RunFolder(folder)
    folder.mkdir(parents=True)
    run.plan.write_bytes(plan_to_json(report.plan))
    run.report.write_bytes(report_to_json(report))
    for task, found in (answers or {}).items():
        write_per_image(run.per_image(task), found)
    return folder


def small_report(answers: dict[str, PerImage], **changes: Any) -> AuditReport:
    """The sample report with no other cells than those of ``answers``, so that every figure can be checked by hand."""
    cells = tuple(
        cell(task, defence, attack, wrong)
        for task, found in answers.items()
        for (defence, attack), wrong in found.wrong.items()
    )
    whole = sample_report()
    data = tuple(found for found in whole.data if found.key in answers)
    bare: dict[str, Any] = {"averages": (), "detection": (), "adaptive": (), "worst": ()}
    return msgspec.structs.replace(whole, **{"cells": cells, "data": data, **bare, **changes})


def share(count: int, n: int) -> Rate:
    return rate_of(flags(n, *range(count)))
