"""The report of a finished run, read from its folder. Torch-free."""

from __future__ import annotations

from pathlib import Path

import msgspec

from zepad_engine.errors import BadInput
from zepad_engine.findings import SCHEMA_VERSION, AuditReport, report_from_json
from zepad_engine.run_folder import RunFolder


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
