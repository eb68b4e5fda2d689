"""A PDF read and drawn by pdfium in a thread of its own; the window only asks and shows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

# pdfium may be used by one thread at a time, whatever the number of documents.
_PDFIUM: Final = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the outline: its depth from 0, its words, the page from 0, and how far down it, 0 to 1."""

    level: int
    title: str
    page: int
    top: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is known of a document: pages as (width, height) in points, their words, and the outline."""

    sizes: tuple[tuple[float, float], ...]
    words: tuple[str, ...]
    outline: tuple[Entry, ...]


class PaperDocument(QObject):
    """One document at a time; what was asked of an earlier one is dropped.

    Attributes:
        opened: a Paper. failed: in words for a log. drawn: page, width in pixels, QImage.
    """

    opened = Signal(object)
    failed = Signal(str)
    drawn = Signal(int, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="paper")
        self._bytes = b""
        self._number = 0
        self._wanted: dict[int, int] = {}
        thread = self._thread
        self.destroyed.connect(lambda: thread.shutdown(wait=False, cancel_futures=True))

    def open(self, path: Path) -> None:
        """Read a file whole; answered by ``opened`` or ``failed``. It may go afterwards."""
        self._number += 1
        self._wanted = {}
        self._thread.submit(self._open, path, self._number)

    def want(self, pages: dict[int, int]) -> None:
        """Have pages drawn, each at a width in pixels, in this order; those no longer wanted are left out."""
        fresh = {page: width for page, width in pages.items() if self._wanted.get(page) != width}
        self._wanted = dict(pages)
        for page, width in fresh.items():
            self._thread.submit(self._draw, page, width, self._number)

    def _open(self, path: Path, number: int) -> None:
        try:
            self._bytes = path.read_bytes()
            with _PDFIUM, _document(self._bytes) as document:
                found = _read(document)
        except Exception as trouble:  # noqa: BLE001 - whatever a library makes of a file, the page must hear of it
            self._tell(self.failed, number, repr(trouble))
        else:
            self._tell(self.opened, number, found)

    def _draw(self, page: int, width: int, number: int) -> None:
        if number != self._number or self._wanted.get(page) != width:
            return
        with _PDFIUM, _document(self._bytes) as document:
            picture = _drawn(document[page], width)
        self._tell(self.drawn, number, page, width, picture)

    def _tell(self, signal: Any, number: int, *values: object) -> None:  # noqa: ANN401 - signals have no public type
        if number == self._number:
            try:
                signal.emit(*values)
            except RuntimeError:
                # The page was closed meanwhile.
                return


def _document(content: bytes) -> Any:  # noqa: ANN401 - pypdfium2 has no types
    """A document to be closed again: opening takes under a millisecond, and none is left open when the window goes."""
    import pypdfium2

    return pypdfium2.PdfDocument(content)


def _read(document: Any) -> Paper:  # noqa: ANN401 - pypdfium2 has no types
    pages = [document[number] for number in range(len(document))]
    sizes = tuple((float(width), float(height)) for width, height in (page.get_size() for page in pages))
    entries = []
    for mark in document.get_toc():
        place = mark.get_dest()
        if place is not None:
            number = place.get_index()
            top = float(place.get_view()[1][1])
            share = min(max(1 - top / sizes[number][1], 0.0), 1.0)
            entries.append(Entry(level=mark.level, title=mark.get_title(), page=number, top=share))
    words = tuple(page.get_textpage().get_text_range() for page in pages)
    return Paper(sizes=sizes, words=words, outline=tuple(entries))


def _drawn(page: Any, width: int) -> QImage:  # noqa: ANN401 - pypdfium2 has no types
    drawn = page.render(scale=width / page.get_width(), prefer_bgrx=True)
    image = QImage(drawn.buffer, drawn.width, drawn.height, drawn.stride, QImage.Format.Format_RGB32)
    # The copy owns its pixels; pdfium's go.
    return image.copy()
