"""The whole document: a page for those who have one minute, then everything in the order of a report."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reportlab.platypus import CondPageBreak, Flowable
from reportlab.platypus.doctemplate import LayoutError

from zepad_engine.errors import BadInput
from zepad_engine.findings import AuditReport
from zepad_engine.report.numbers import moment
from zepad_engine.report.pdf import closing, detecting, first_page, making, outcome, setting
from zepad_engine.report.pdf.lettering import spelled
from zepad_engine.report.pdf.paper import Paper
from zepad_engine.report.pictures import Album
from zepad_engine.report.plain_text import plain
from zepad_engine.report.view import View

# Points a section needs at the foot of a page to begin there.
_ROOM: Final = 150.0


def render_pdf(report: AuditReport, folder: Path) -> bytes:
    """The bytes of the PDF, the same for the same report; pictures are read from the run ``folder``.

    Raises:
        BadInput: something in the report is too large for a page.
    """
    view = View(report)
    stream = io.BytesIO()
    paper = Paper(
        stream,
        title=plain(f"ZePAD audit of {report.subject.name}"),
        subject=plain(view.verdict[0]),
        tool=plain(" ".join(report.tool.values())),
        foot=_foot(report),
    )
    try:
        paper.build(_story(view, Album(folder)))
    except LayoutError as trouble:
        raise BadInput(
            "This report cannot be laid out on paper.", "Export it as a web page and print that."
        ) from trouble
    return stream.getvalue()


def _foot(report: AuditReport) -> str:
    name = plain(report.subject.name)
    short = name if len(name) <= 48 else f"{name[:47]}…"
    short = spelled(short)
    return f"ZePAD audit of {short}  ·  {plain(moment(report.created_utc))}"


def _story(view: View, album: Album) -> list[Flowable]:
    sections = _sections(view, album)
    parts: list[Flowable] = first_page.summary(view)
    for section in sections:
        # A section never begins with its last lines of a page.
        parts += [CondPageBreak(_ROOM), *section]
    return parts


def _sections(view: View, album: Album) -> tuple[Iterable[Flowable], ...]:
    return (
        setting.subject(view),
        setting.threat(view),
        setting.data(view),
        outcome.averages(view),
        outcome.task_by_task(view),
        making.attacks(view, album),
        making.defences(view),
        making.tuning(view),
        detecting.detection(view),
        outcome.systems(view),
        outcome.transfer_matrix(view),
        outcome.paired_tests(view),
        outcome.sweep_charts(view),
        detecting.branches(view),
        detecting.label_free(view),
        closing.trust(view),
        making.examples(view, album),
        closing.catalogues(view),
        closing.reproduce(view),
        closing.gaps(view),
    )
