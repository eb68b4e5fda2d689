"""A bundle becomes a run folder again: new, complete, and only once every byte was found as written."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from zepad_engine.bundle.checking import Checked, check
from zepad_engine.bundle.manifest import PAGE
from zepad_engine.bundle.refusal import refused
from zepad_engine.errors import AuditError, BadInput, NoSpace
from zepad_engine.places import runs_folder
from zepad_engine.plan import plan_from_json
from zepad_engine.report.html import render_html
from zepad_engine.report_file import load_report
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes


def open_bundle(bundle: Path, parent: Path | None = None) -> tuple[Path, Checked]:
    """Unpack a bundle into a new folder below ``parent`` (by default the folder of all runs).

    Takes as long as reading and writing its bytes does, which for large encoders is seconds. Whatever is wrong, nothing
    is left behind, and nothing outside of the new folder is ever written.

    Returns:
        The run folder, named after the run (with a number where that name is taken), and what the check found.

    Raises:
        BadInput: the file is no bundle, or not as it was written. NoSpace: the disk refused the write.
    """
    parent = parent or runs_folder()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".opening-", dir=parent))
    except OSError as trouble:
        raise NoSpace(f"The folder {parent.name} cannot be written.", "Choose another folder.") from trouble
    try:
        checked = check(bundle, _Writer(place))
        _require_run(place)
        return _put(place, parent, _folder_name(checked.manifest.run)), checked
    except OSError as trouble:
        raise NoSpace("The bundle could not be unpacked: the disk refused.", "Free some space.") from trouble
    finally:
        shutil.rmtree(place, ignore_errors=True)


class _Writer:
    """Takes files in pieces; names were looked at before the first piece came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, chunk: bytes) -> None:
        # The page of a stranger is not kept: it is drawn anew from the report.
        if name == PAGE:
            return
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            stream.write(chunk)


def _require_run(place: Path) -> None:
    """It must be a run this version can read; its page is drawn here.

    Raises:
        BadInput: plan or report cannot be read, or do not belong together.
    """
    run = RunFolder(place)
    try:
        plan = plan_from_json(run.plan.read_bytes())
        report = load_report(place)
    except AuditError as trouble:
        raise BadInput("The audit in this bundle cannot be read by this version.", str(trouble)) from trouble
    if plan.seed != report.plan.seed or len(plan.tasks) != len(report.plan.tasks):
        raise refused("its plan is not that of its report")
    write_bytes(run.page, render_html(report, place).encode())


def _folder_name(run: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", run).strip("-")[:60] or "audit"


def _put(place: Path, parent: Path, name: str) -> Path:
    for number in range(1, 1000):
        target = parent / (name if number == 1 else f"{name}-{number}")
        if not target.exists():
            place.chmod(0o755)
            return place.rename(target)
    raise BadInput(f"There are too many runs called {name}.", "Move some of them away.")
