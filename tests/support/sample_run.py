"""A finished run folder without an audit: the sample report with its plan, pictures and a few small files."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
from safetensors.numpy import save

from tests.support.report_builder import draw_pictures, report_with
from tests.support.tainting import lean
from zepad_engine.findings import report_to_json
from zepad_engine.plan import AuditPlan, plan_to_json


def write_sample_run(folder: Path, plan: AuditPlan | None = None) -> Path:
    """The folder, filled."""
    report = lean(report_with())
    plan = plan or report.plan
    report = msgspec.structs.replace(report, plan=plan)
    folder.mkdir(parents=True)
    draw_pictures(report, folder)
    tensors = save({"weight": np.arange(6, dtype=np.float32).reshape(2, 3)})
    files = {
        "plan.json": plan_to_json(plan),
        "report.json": report_to_json(report),
        "report.html": b"<p>made before</p>",
        "jobs/open_victim.json": json.dumps({"seconds": 1.0, "outcome": {}}).encode(),
        "encoders/victim.safetensors": tensors,
        "encoders/victim.json": b"{}",
        "heads/signs/victim.safetensors": tensors,
        "notes.txt": b"private",
        "jobs/.open.json.12.part": b"half",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
