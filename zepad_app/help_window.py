"""Help that opens offline: pages in Markdown from ``assets/help``, one list of them at the left, a search above."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QPainter,
    QPen,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from zepad_app.glossary import glossary
from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_engine.errors import BadInput
from zepad_engine.resources import asset

# The order in which a newcomer reads them.
PAGES: Final = (
    "first-audit",
    "reading-the-verdict",
    "threat-model",
    "attacks",
    "defences",
    "detector",
    "inspecting",
    "comparing",
    "exporting",
    "troubleshooting",
    "glossary",
)
_PICTURE_WIDTH: Final = 600
_LINE_HEIGHT: Final = 130.0


@cache
def page_text(name: str) -> str:
    """The Markdown of a page; the glossary is made of its terms."""
    if name != "glossary":
        return asset("help", f"{name}.md").read_text(encoding="utf-8")
    terms = sorted(glossary().items(), key=lambda pair: pair[0].lower())
    return "# Glossary\n\n" + "\n\n".join(f"**{term}** – {meaning}" for term, meaning in terms)


def title_of(name: str) -> str:
    """A page's heading."""
    return page_text(name).splitlines()[0].lstrip("# ")


def space_out(document: QTextDocument, theme: Theme) -> None:
    """Give a Markdown text the sizes and spaces of the design; as Qt lays it out its lines touch."""
    block = document.begin()
    while block.isValid():
        level = block.blockFormat().headingLevel()
        spaces = block.blockFormat()
        spaces.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        spaces.setTopMargin(AROUND if level > 1 else 0)
        spaces.setBottomMargin(4 if block.textList() is not None else INSIDE + 4)
        cursor = QTextCursor(block)
        cursor.setBlockFormat(spaces)
        if level:
            look = QTextCharFormat()
            font = theme.font("verdict" if level == 1 else "section")
            font.setWeight(QFont.Weight.DemiBold)
            look.setFont(font)
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(look)
        _soften_bold(block, cursor)
        block = block.next()


def _soften_bold(block: QTextBlock, cursor: QTextCursor) -> None:
    """The bundled font has a semibold; a bolder one would be smeared from it."""
    semibold = QTextCharFormat()
    semibold.setFontWeight(QFont.Weight.DemiBold.value)
    parts = block.begin()
    while not parts.atEnd():
        fragment = parts.fragment()
        parts += 1
        if fragment.charFormat().fontWeight() <= QFont.Weight.DemiBold.value:
            continue
        cursor.setPosition(fragment.position())
        cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(semibold)


class _Reader(QTextBrowser):
    """Shows a page; its pictures come from ``assets/screenshots`` only, whatever a text may name."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setOpenLinks(False)
        self.setAccessibleName("Help page")

    def loadResource(self, kind: int, name: QUrl | str) -> QImage | None:
        """A bundled screenshot, in the scheme of the window, or nothing; no file elsewhere, no network."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        shade = "dark" if self._theme.dark else "light"
        stem = Path(QUrl(name).path()).stem
        try:
            picture = QImage(str(asset("screenshots", f"{stem}-{shade}.png")))
        except BadInput:
            return None
        return self._framed(picture)

    def _framed(self, picture: QImage) -> QImage:
        """As sharp as the screen is, with a line around it: its edges are of the page's own colour."""
        ratio = self.devicePixelRatioF()
        made = picture.scaledToWidth(round(_PICTURE_WIDTH * ratio), Qt.TransformationMode.SmoothTransformation)
        painter = QPainter(made)
        painter.setPen(QPen(QColor(self._theme.tokens.line), 2 * ratio))
        painter.drawRect(made.rect())
        painter.end()
        made.setDevicePixelRatio(ratio)
        return made


class HelpWindow(QWidget):
    """A window of its own, so that it can stand beside the work; the last page is kept while it is open."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._theme = theme
        self._name = PAGES[0]
        self.setWindowTitle("ZePAD help")
        self.setProperty("surface", "ground")
        self.resize(QSize(960, 720))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the help")
        self.search.setAccessibleName("Search the help")
        self.search.setClearButtonEnabled(True)
        self.contents = QListWidget()
        self.contents.setAccessibleName("Pages of the help")
        self.contents.setProperty("role", "contents")
        self.reader = _Reader(theme)
        self.note = label("", "caption", soft=True)
        self._arrange()
        self.search.textChanged.connect(self._on_searched)
        self.contents.currentItemChanged.connect(self._on_chosen)
        self.reader.anchorClicked.connect(self._on_link)
        theme.changed.connect(self._show)
        self._on_searched("")

    def show_page(self, name: str) -> None:
        """Open a page and come to the front."""
        self.search.clear()
        self.contents.setCurrentRow(PAGES.index(name))
        self.show()
        self.raise_()
        self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes, as it does a dialog."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, INSIDE, 0)
        column.setSpacing(INSIDE)
        column.addWidget(self.search)
        column.addWidget(self.contents, 1)
        main = QWidget()
        page = QVBoxLayout(main)
        page.setContentsMargins(INSIDE, 0, 0, 0)
        page.setSpacing(INSIDE)
        page.addWidget(self.reader, 1)
        page.addWidget(self.note)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(side)
        split.addWidget(main)
        split.setStretchFactor(1, 1)
        split.setSizes([240, 700])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        outer.addWidget(split)

    def _on_searched(self, text: str) -> None:
        wanted = text.lower().split()
        self.contents.blockSignals(True)
        self.contents.clear()
        for name in PAGES:
            if all(word in page_text(name).lower() for word in wanted):
                item = QListWidgetItem(title_of(name))
                item.setData(Qt.ItemDataRole.UserRole, name)
                self.contents.addItem(item)
        self.contents.blockSignals(False)
        self._say("" if self.contents.count() else f"No page speaks of “{text}”.")
        self.contents.setCurrentRow(0)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._name = str(item.data(Qt.ItemDataRole.UserRole))
            self._show()

    def _show(self) -> None:
        self.reader.setMarkdown(page_text(self._name))
        space_out(self.reader.document(), self._theme)
        self._say("")
        if self.search.text():
            self.reader.find(self.search.text().split()[0])

    def _on_link(self, link: QUrl) -> None:
        if not link.scheme() and link.path() in PAGES:
            self.show_page(link.path())
            return
        # Nothing is fetched and no other program is started: the address is handed over instead.
        QGuiApplication.clipboard().setText(link.toString())
        self._say(f"Copied: {link.toString()} – open it in a browser if you want to.")

    def _say(self, text: str) -> None:
        """A line below the page; without words the page has the room."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
