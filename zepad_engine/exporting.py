"""Write a finished run's report where the user wants it, in the form he wants. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from zepad_engine.bundle.packing import pack
from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport
from zepad_engine.report.csv_table import render_csv
from zepad_engine.report.html import render_html
from zepad_engine.report.model_card import render_model_card
from zepad_engine.report_file import load_report
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes

_Renderer: TypeAlias = Callable[[AuditReport, Path], bytes]


def export(folder: Path, form: str, destination: Path) -> Path:
    """Write the report of the run in ``folder`` in one of the forms of ``export_formats``; gives back the file written.

    Raises:
        BadInput: no such form, or the run has no readable report. NoSpace: the disk refused the write.
    """
    if form == "bundle":
        return pack(folder, destination)
    if form not in _RENDERERS:
        raise BadInput(f"There is no report format called {form}.", f"Known: {', '.join(_RENDERERS)}, bundle.")
    report = load_report(folder)
    write_bytes(destination, _RENDERERS[form](report, folder))
    return destination


def _html(report: AuditReport, folder: Path) -> bytes:
    return render_html(report, folder).encode()


def _pdf(report: AuditReport, folder: Path) -> bytes:
    # Imported here: half a second that no audit and no other form needs.
    from zepad_engine.report.pdf import render_pdf

    return render_pdf(report, folder)


def _csv(report: AuditReport, _folder: Path) -> bytes:
    return render_csv(report)


def _markdown(report: AuditReport, _folder: Path) -> bytes:
    return render_model_card(report).encode()


def _json(_report: AuditReport, folder: Path) -> bytes:
    return RunFolder(folder).report.read_bytes()


_RENDERERS: Final[dict[str, _Renderer]] = {"html": _html, "pdf": _pdf, "csv": _csv, "md": _markdown, "json": _json}
