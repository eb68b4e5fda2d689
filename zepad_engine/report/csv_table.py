"""report.csv: every measured number in a row of its own, with its interval and n where it has them."""

from __future__ import annotations

import csv
import io
import math
from typing import Final

from zepad_engine.findings import AuditReport
from zepad_engine.report.measured import COLUMNS, measured_rows
from zepad_engine.report.plain_text import plain

# A spreadsheet takes a cell that begins so for a formula, or for the end of the cell before.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def render_csv(report: AuditReport) -> bytes:
    """The table as UTF-8 with a byte-order mark, since spreadsheets guess without one; lines end in CR LF."""
    page = io.StringIO(newline="")
    table = csv.writer(page)
    table.writerow(COLUMNS)
    for row in measured_rows(report):
        table.writerow([_cell(value) for value in row])
    return page.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    """Numbers as they are, to the last digit; text so that no program takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return str(value) if isinstance(value, int) else text_cell(str(value))


def text_cell(text: str) -> str:
    """Text for one cell: one line, no hidden signs, an apostrophe before what would begin a formula."""
    shown = " ".join(plain(text).split())
    return f"'{shown}" if text.lstrip(" ").startswith(_FORMULA) or shown.startswith(_FORMULA) else shown
