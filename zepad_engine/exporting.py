"""Write a finished run's report where the user wants it. Torch-free."""

from __future__ import annotations

from pathlib import Path

import msgspec

from zepad_engine.errors import BadInput
from zepad_engine.findings import SCHEMA_VERSION, AuditReport, report_from_json
from zepad_engine.report.html import render_html
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes


def export(folder: Path, form: str, destination: Path) -> Path:
    """Write the report of the run in ``folder`` as "html" or "json"; gives back the file written.

    Raises:
        BadInput: no such form, or the run has no readable report. NoSpace: the disk refused the write.
    """
    report = load_report(folder)
    if form == "json":
        write_bytes(destination, RunFolder(folder).report.read_bytes())
    elif form == "html":
        write_bytes(destination, render_html(report, folder).encode())
    else:
        raise BadInput(f"There is no report format called {form}.", "Choose html or json.")
    return destination


def load_report(folder: Path) -> AuditReport:
    """The report of a finished run.

    Raises:
        BadInput: the folder holds no finished audit, or its report is damaged.
    """
    path = RunFolder(folder).report
    if not path.exists():
        raise BadInput(f"The folder {folder.name} holds no finished audit.", "Run or resume the audit first.")
    try:
        report = report_from_json(path.read_bytes())
    except msgspec.DecodeError as trouble:
        raise BadInput(
            f"The report in {folder.name} cannot be read by this version.", "Run the audit again."
        ) from trouble
    if report.schema_version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise BadInput(
            f"The report in {folder.name} has schema {report.schema_version}; this version reads {SCHEMA_VERSION}.",
            "Run the audit again.",
        )
    return report
