"""The report as it will be printed: its pages, its outline, and what to do while there is none yet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from zepad_app.failures import NoticeText
from zepad_app.paper.document import Entry, Paper, PaperDocument
from zepad_app.paper.page_bar import PageBar
from zepad_app.paper.page_column import PageColumn
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.waiting import waiting
from zepad_engine.findings import AuditReport
from zepad_engine.messages import Failed

_OUTLINE: Final = 248
_INDENT: Final = "    "


class PaperTab(QWidget):
    """Asks for the paper of a run when it is looked at (``wanted``), then shows what it is told."""

    wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = Path()
        self._outline: tuple[Entry, ...] = ()
        self.document = PaperDocument(self)
        self.column = PageColumn(theme, self.document)
        self.bar = PageBar(theme)
        self.outline = QListWidget()
        self.notice = Notice(theme, closable=False)
        self._stack = QStackedWidget()
        busy = waiting(theme.label("Laying out the report…", soft=True), "The report is being laid out")
        for made in (busy, self._trouble(), self._pages()):
            self._stack.addWidget(made)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._connect()

    @property
    def state(self) -> str:
        """What is shown: "busy", "failed" or "pages"."""
        return ("busy", "failed", "pages")[self._stack.currentIndex()]

    def show_report(self, _report: AuditReport, folder: Path) -> None:
        """Ask for the paper of another run."""
        self._folder = folder
        self._ask()

    def show_file(self, path: Path) -> None:
        """The engine has written the paper."""
        self.document.open(path)

    def show_failure(self, failure: Failed) -> None:
        """The engine could not write it."""
        self._tell(failure.sentence, failure.advice, failure.detail)

    def _ask(self) -> None:
        self._stack.setCurrentIndex(0)
        self.wanted.emit(self._folder)

    def _tell(self, sentence: str, advice: str, detail: str) -> None:
        text = NoticeText(sentence=sentence, advice=advice, remedy="again", button="Try again", detail=detail)
        self.notice.tell(text)
        self._stack.setCurrentIndex(1)

    def _connect(self) -> None:
        self.document.opened.connect(self._on_opened)
        self.document.failed.connect(self._on_unreadable)
        self.notice.remedied.connect(lambda _remedy: self._ask())
        self.bar.asked.connect(self.column.go_to)
        self.bar.fitted.connect(self.column.set_mode)
        self.bar.stepped.connect(self.column.step_zoom)
        self.column.turned.connect(self._on_turned)
        self.column.zoomed.connect(self.bar.tell_zoom)
        self.column.stepped.connect(lambda zoom: self.bar.choice.choose(str(zoom)))
        self.outline.itemActivated.connect(self._on_chosen)
        self.outline.itemClicked.connect(self._on_chosen)

    def _on_opened(self, paper: Paper) -> None:
        self._outline = paper.outline
        self.outline.clear()
        for entry in paper.outline:
            item = QListWidgetItem(_INDENT * entry.level + entry.title)
            item.setToolTip(f"{entry.title}, page {entry.page + 1}")
            self.outline.addItem(item)
        self._stack.setCurrentIndex(2)
        self.bar.show_count(len(paper.sizes))
        self.column.show_paper(paper)
        self._on_turned(0)

    def _on_unreadable(self, trouble: str) -> None:
        self._tell("The pages could not be drawn.", "Export the report as PDF and open it elsewhere.", trouble)

    def _on_turned(self, page: int) -> None:
        self.bar.tell_page(page)
        before = [row for row, entry in enumerate(self._outline) if entry.page <= page]
        if before:
            self.outline.setCurrentRow(before[-1])

    def _on_chosen(self, item: QListWidgetItem) -> None:
        entry = self._outline[self.outline.row(item)]
        self.column.go_to(entry.page, entry.top)
        # A heading low on its page leaves that page in front; the reader chose this line all the same.
        self.outline.setCurrentItem(item)

    def _trouble(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.addWidget(self.notice)
        column.addStretch(1)
        return page

    def _pages(self) -> QWidget:
        self.outline.setProperty("role", "contents")
        self.outline.setAccessibleName("Outline of the report")
        self.outline.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.outline.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.outline.setUniformItemSizes(True)
        split = QSplitter()
        side = QWidget()
        margins = QVBoxLayout(side)
        margins.setContentsMargins(BETWEEN, INSIDE, INSIDE, INSIDE)
        margins.addWidget(self.outline)
        split.addWidget(side)
        split.addWidget(self.column)
        split.setStretchFactor(1, 1)
        split.setSizes([_OUTLINE, 1000])
        split.setCollapsible(1, False)
        split.setHandleWidth(1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(split, 1)
        return page
