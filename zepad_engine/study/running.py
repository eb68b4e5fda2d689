"""Run the audits of a study one after another; what is finished is kept, so the same command goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from zepad_engine.audit import Emit, resolved, run_audit
from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.plan import AuditPlan
from zepad_engine.run_folder import RunFolder
from zepad_engine.storage import write_bytes
from zepad_engine.study.tables import study_tables

_BEGIN, _END = "<!-- study: begin -->\n", "<!-- study: end -->\n"


def run_study(
    plans: Iterable[tuple[str, AuditPlan]],
    folder: Path,
    emit: Callable[[str], Emit],
    cancelled: Callable[[], bool],
) -> dict[str, AuditReport]:
    """Each plan in a folder of its own name; ``tables.md`` is written anew after every audit.

    ``emit`` gives the listener of an audit's events for its name.

    Raises:
        BadPlan: a folder holds an audit with another plan. Cancelled, AuditError: as ``run_audit``; finished audits and
            jobs are kept.
    """
    reports: dict[str, AuditReport] = {}
    for name, plan in plans:
        run = RunFolder(folder / name)
        run.claim(resolved(plan))
        if not run.report.exists():
            run_audit(plan, run.root, emit(name), cancelled, name=name)
        reports[name] = report_from_json(run.report.read_bytes())
        write_bytes(folder / "tables.md", study_tables(reports).encode())
    return reports


def finished(folder: Path) -> dict[str, AuditReport]:
    """The reports of all audits in a study's folder that are done, whatever plans they had.

    Raises:
        BadInput: there is none.
    """
    reports = {file.parent.name: report_from_json(file.read_bytes()) for file in sorted(folder.glob("*/report.json"))}
    if not reports:
        raise BadInput(f"No audit of a study is finished in {folder}.", "Run the study first, or check the folder.")
    return reports


def put_tables(reports: dict[str, AuditReport], page: Path) -> None:
    """Put the tables between the two marks of a Markdown page; the words around them stay.

    Raises:
        BadInput: the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise BadInput(
            f"{page.name} has no place for the tables.", f"Put the lines {_BEGIN.strip()} and {_END.strip()}."
        )
    write_bytes(page, f"{before}{_BEGIN}\n{study_tables(reports)}\n{_END}{after}".encode())
