"""The folder after ``--out``: looked at before any work, so that a wrong one costs no time."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.places import runs_folder
from zepad_engine.plan import SAMPLE_PREFIX, AuditPlan, plan_from_json
from zepad_engine.run_folder import RunFolder


def new_run_folder(plan: AuditPlan) -> Path:
    """A folder name of its own below the runs: date, time and encoder."""
    name = Path(plan.encoder.removeprefix(SAMPLE_PREFIX)).stem
    return runs_folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"


def require_usable(folder: Path, plan: AuditPlan) -> None:
    """Make the folder this plan's.

    Raises:
        BadInput: it is a file, cannot be written, or holds a run of another version. BadPlan: it holds another plan.
    """
    run = RunFolder(folder)
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file.", "Name a folder after --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        _require_readable(run)
    except OSError as trouble:
        raise BadInput(f"The folder {folder} cannot be written.", "Name another folder after --out.") from trouble
    run.claim(plan)


def _require_readable(run: RunFolder) -> None:
    if not run.plan.exists():
        return
    try:
        plan_from_json(run.plan.read_bytes())
    except BadPlan as trouble:
        raise BadInput(
            f"The folder {run.root} holds a run of another version of ZePAD.", "Name another folder after --out."
        ) from trouble
