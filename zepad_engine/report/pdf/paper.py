"""The paper: its size, bundled type, colours and styles, and the page with its footer and bookmarks."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from zepad_engine.resources import asset

REGULAR: Final = "ZepadInter"
STRONG: Final = "ZepadInter-SemiBold"
MARGIN: Final = 18 * mm
_FOOT: Final = 14 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
HEIGHT: Final = A4[1] - MARGIN - _FOOT - 8 * mm
GAP: Final = 8.0
_TOTAL: Final = "total"
_AIR: Final = 12.0


@cache
def colours() -> dict[str, Color]:
    """The light colours of the window, by their one meaning each; paper itself is white."""
    tokens = json.loads(asset("theme", "tokens.json").read_text(encoding="utf-8"))["light"]
    return {name: HexColor(value) for name, value in tokens.items()}


@cache
def styles() -> dict[str, ParagraphStyle]:
    """Every style of the report by name."""
    _load_type()
    soft, warning = colours()["ink_soft"], colours()["warning"]
    made = (
        _style("verdict", 14.5, 19, after=8),
        _style("title", 14, 18, strong=True, before=18, after=6, keep=True),
        _style("heading", 10.5, 14, strong=True, before=10, keep=True),
        _style("small heading", 9, 12, strong=True, before=4, after=3, keep=True),
        _style("body", 9, 13),
        _style("lead", 9, 13, keep=True),
        _style("tight", 7.6, 10, after=2),
        _style("small", 8, 11, after=3),
        _style("caption", 7.5, 10, colour=soft, after=3),
        _style("table caption", 7.5, 10, colour=soft, before=6, after=3, keep=True),
        _style("head", 7.5, 9.5, colour=soft, after=0),
        _style("cell", 8, 10, after=0),
        _style("warning", 9, 13, colour=warning),
    )
    return {each.name: each for each in made}


def _style(
    name: str,
    size: float,
    leading: float,
    *,
    strong: bool = False,
    colour: Color | None = None,
    before: float = 0,
    after: float = 4,
    keep: bool = False,
) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        fontName=STRONG if strong else REGULAR,
        fontSize=size,
        leading=leading,
        textColor=colour or colours()["ink"],
        spaceBefore=before,
        spaceAfter=after,
        keepWithNext=1 if keep else 0,
        splitLongWords=1,
    )


@cache
def _load_type() -> None:
    for name, file in ((REGULAR, "Inter-Regular.ttf"), (STRONG, "Inter-SemiBold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(asset("fonts", file))))


class Paper(BaseDocTemplate):
    """A4 pages with a footer; a flowable with a ``bookmark`` (level, title) becomes an entry of the outline."""

    def __init__(self, stream: io.BytesIO, *, title: str, subject: str, tool: str, foot: str) -> None:
        self._foot = foot
        self._places = 0
        _load_type()
        super().__init__(
            stream,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=_FOOT + 8 * mm,
            title=title,
            author="ZePAD",
            subject=subject,
            creator=tool,
            lang="en",
            # No time of writing and no file id drawn from the machine: the same report gives the same bytes.
            invariant=1,
            initialFontName=REGULAR,
        )
        frame = Frame(
            MARGIN, _FOOT + 8 * mm, WIDTH, HEIGHT, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
        )
        self.addPageTemplates([PageTemplate(id="page", frames=[frame], onPage=self._draw_foot)])

    def _draw_foot(self, canvas: Canvas, _document: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.setStrokeColor(colours()["line"])
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, _FOOT + 4 * mm, MARGIN + WIDTH, _FOOT + 4 * mm)
        canvas.setFont(REGULAR, 7.5)
        canvas.setFillColor(colours()["ink_soft"])
        canvas.drawString(MARGIN, _FOOT, self._foot)
        canvas.drawRightString(MARGIN + WIDTH - 14, _FOOT, f"page {canvas.getPageNumber()} of ")
        # How many pages there will be is known at the end only: each page refers to one drawing made then.
        canvas.doForm(_TOTAL)
        canvas.restoreState()

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Give a heading its place in the outline."""
        bookmark = getattr(flowable, "bookmark", None)
        if bookmark is None:
            return
        level, title = bookmark
        self._places += 1
        key = f"place-{self._places}"
        # Where the heading began, and a little air above it.
        top = self.frame._y + getattr(flowable, "height", 0) + _AIR  # type: ignore[attr-defined]
        self.canv.bookmarkHorizontal(key, 0, min(top, A4[1]))
        self.canv.addOutlineEntry(title, key, level=level, closed=level == 0)

    def beforeDocument(self) -> None:  # noqa: N802 - reportlab's name
        """Open with the outline shown."""
        self.canv.showOutline()

    def _endBuild(self) -> None:  # noqa: N802 - reportlab's name
        canvas = self.canv
        total = canvas.getPageNumber()
        canvas.beginForm(_TOTAL)
        canvas.setFont(REGULAR, 7.5)
        canvas.setFillColor(colours()["ink_soft"])
        canvas.drawString(MARGIN + WIDTH - 13.5, _FOOT, str(total))
        canvas.endForm()
        super()._endBuild()  # type: ignore[misc]
