"""What pages are built of: headings with bookmarks, paragraphs, tables, facts, charts and pictures.

Every text passes `safe`: reportlab reads its paragraphs as markup, and a name from a file must never be that.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias
from xml.sax.saxutils import escape

from markupsafe import Markup
from reportlab.lib.colors import white
from reportlab.platypus import CondPageBreak, Flowable, Image, Paragraph, Spacer, Table

from zepad_engine.evidence import Rate
from zepad_engine.report.numbers import FEW
from zepad_engine.report.pdf.lettering import spelled
from zepad_engine.report.pdf.paper import GAP, REGULAR, WIDTH, colours, styles
from zepad_engine.report.pdf.svg_chart import Lamp, SvgChart
from zepad_engine.report.plain_text import plain

Cell: TypeAlias = str | Rate | Flowable | None

_NAMES: Final = 104.0
# Rows that may not be torn from the head of their table.
_SHORT: Final = 12
# Below this much room (points) a long table begins on the next page.
_ROOM: Final = 120.0
# Characters of one fact: eight of that length still fit a page. What is longer stands whole in report.json.
_MOST: Final = 600
_LONGEST_CAPTION: Final = 1200


def safe(text: object) -> str:
    """Text as it stands, fit for a paragraph: no markup, no hidden signs, no place of anyone's machine."""
    return escape(spelled(plain(text)))


def text(words: object, style: str = "body", most: int | None = None) -> Paragraph:
    """A paragraph of plain text, cut after ``most`` characters where it stands in something no page may tear."""
    most = _LONGEST_CAPTION if most is None and style == "caption" else most
    return Paragraph(safe(words if most is None else _cut(words, most)), styles()[style])


def _cut(words: object, most: int) -> str:
    shown = plain(words)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def heading(words: object, level: int = 0) -> Paragraph:
    """A heading, entered in the outline at its level."""
    made = text(words, "title" if level == 0 else "heading")
    made.bookmark = (level, plain(words))  # type: ignore[attr-defined]
    return made


def bullets(sentences: Iterable[object], style: str = "body") -> list[Flowable]:
    """A list, a dash before each."""
    look = styles()[style]
    indented = look.clone(
        f"{look.name} bullet", leftIndent=12, bulletIndent=2, bulletFontName=REGULAR, bulletFontSize=look.fontSize
    )
    return [Paragraph(safe(sentence), indented, bulletText="–") for sentence in sentences]


def rate(measured: Rate | None, note: str = "") -> Paragraph:
    """A rate for a cell: the value, below it its interval and n, and below that a note, if any."""
    if measured is None:
        return text("–", "cell")
    few = ", few" if measured.n < FEW else ""
    inner = f"{100 * measured.low:.1f}–{100 * measured.high:.1f}, n\u00a0{measured.n:,}{few}"
    return _lines(f"{100 * measured.value:.1f} %", inner, *([safe(note)] if note else []))


def area(measured: Rate) -> Paragraph:
    """An AUROC for a cell."""
    return _lines(f"{measured.value:.3f}", f"{measured.low:.3f}–{measured.high:.3f}, n\u00a0{measured.n:,}")


def with_note(words: object, note: object) -> Paragraph:
    """Words and, smaller below them, what is to be said of them."""
    return _lines(safe(_cut(words, 160)), safe(_cut(note, _MOST)))


def _lines(first: str, *more: str) -> Paragraph:
    soft = colours()["ink_soft"].hexval().replace("0x", "#")
    below = "".join(f'<br/><font size="6.5" color="{soft}">{line}</font>' for line in more)
    return Paragraph(f"{first}{below}", styles()["cell"])


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    caption: str = "",
    widths: Sequence[float] = (),
    strong: Sequence[int] = (),
    total: float = WIDTH,
    torn: bool = False,
) -> list[Flowable]:
    """A table whose head is repeated on every page; ``strong`` rows are shaded. Nothing where there is no row.

    A short one stays on one page with its caption, unless it may be ``torn`` because its rows are tall.
    """
    if not rows:
        return []
    cells: list[list[Flowable]] = [
        [text(name, "head", 80) for name in head],
        *([_cell(value) for value in row] for row in rows),
    ]
    made = Table(cells, colWidths=list(widths) or _widths(len(head), total), repeatRows=1, splitInRow=1, hAlign="LEFT")
    whole = len(rows) <= _SHORT and not torn
    # A caption above a long table would drag all of it along to the next page.
    above = [text(caption, "table caption" if whole else "caption")] if caption else []
    made.setStyle([*_look(len(rows), strong), *([("NOSPLIT", (0, 0), (-1, -1))] if whole else [])])
    return [*([] if whole else [CondPageBreak(_ROOM)]), *above, made, Spacer(0, GAP)]


def _cell(value: Cell) -> Flowable:
    if isinstance(value, Flowable):
        return value
    return text(value, "cell", 2 * _MOST) if isinstance(value, str) else rate(value)


def _widths(columns: int, total: float) -> list[float]:
    names = min(_NAMES, total / columns * 1.4)
    return [names, *([(total - names) / (columns - 1)] * (columns - 1))] if columns > 1 else [total]


def _look(rows: int, strong: Sequence[int]) -> list[tuple[Any, ...]]:
    line = colours()["line"]
    shaded = [("BACKGROUND", (0, row + 1), (-1, row + 1), colours()["raised"]) for row in strong]
    return [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, colours()["ink_soft"]),
        *[("LINEBELOW", (0, row), (-1, row), 0.4, line) for row in range(1, rows + 1)],
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        *shaded,
    ]


def facts(pairs: Iterable[tuple[str, object]], *, total: float = WIDTH, names: float = _NAMES) -> list[Flowable]:
    """Names and what belongs to each, in two columns without lines."""
    cells = [
        [text(name, "caption"), value if isinstance(value, Flowable) else text(value, "small", _MOST)]
        for name, value in pairs
    ]
    if not cells:
        return []
    made = Table(cells, colWidths=[names, total - names], hAlign="LEFT")
    made.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return [made, Spacer(0, GAP)]


def side_by_side(figures: Sequence[tuple[Markup, Flowable]], across: int, *, total: float = WIDTH) -> list[Flowable]:
    """Charts with their captions, ``across`` in a row; no row is torn apart."""
    width = total / across
    parts: list[Flowable] = []
    for start in range(0, len(figures), across):
        row: list[Any] = [
            [SvgChart(drawn, width - 10), caption] for drawn, caption in figures[start : start + across] if drawn
        ]
        if row:
            parts.append(_grid([row + [""] * (across - len(row))], [width] * across))
    return parts


def grid(cells: list[list[Any]], widths: list[float], below: float = GAP) -> Table:
    """Flowables in a grid without lines, ``below`` points under each."""
    return _grid(cells, widths, below)


def boxed(parts: list[Flowable]) -> Table:
    """What must not be overlooked, in a frame behind a red light."""
    made = Table([[Lamp("red"), parts]], colWidths=[22, WIDTH - 22], hAlign="LEFT")
    made.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BOX", (0, 0), (-1, -1), 1.2, colours()["adversarial"]),
            ("LEFTPADDING", (0, 0), (-1, -1), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
        ]
    )
    return made


def _grid(cells: list[list[Any]], widths: list[float], below: float = GAP) -> Table:
    made = Table(cells, colWidths=widths, hAlign="LEFT")
    made.setStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), below),
            ("BACKGROUND", (0, 0), (-1, -1), white),
        ]
    )
    return made


def picture(encoded: bytes, width: float) -> Image:
    """A picture of the run, as wide as said; pixels stay square and sharp."""
    made = Image(io.BytesIO(encoded))
    made.drawHeight *= width / made.drawWidth
    made.drawWidth = width
    return made
