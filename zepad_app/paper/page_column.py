"""The pages of a document one below the other; those in sight are drawn sharp at the size they are shown."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from zepad_app.paper.document import Paper, PaperDocument
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN

# Pixels of a point at 100 per cent: as large as on paper, on a screen of 96 pixels an inch.
_NATURAL: Final = 96 / 72
ZOOMS: Final = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
# Pixels of all drawn pages that are kept, 120 MB; those in sight always are.
_KEPT: Final = 30_000_000


class PageColumn(QAbstractScrollArea):
    """Pages of a `Paper`; ``mode`` is "width", "page" or a zoom, 1 = as large as on paper.

    Attributes:
        turned: the page in front, from 0, is another one. zoomed: the zoom in force, which fitting changes too.
        stepped: a zoom of `ZOOMS` took the place of what was chosen.
    """

    turned = Signal(int)
    zoomed = Signal(float)
    stepped = Signal(float)

    def __init__(self, theme: Theme, document: PaperDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._document = document
        self._paper = Paper(sizes=(), words=(), outline=())
        self._drawn: OrderedDict[int, tuple[int, QImage]] = OrderedDict()
        self._mode: str | float = "width"
        self._page = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.verticalScrollBar().setSingleStep(40)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        document.drawn.connect(self._on_drawn)
        theme.changed.connect(self.viewport().update)

    @property
    def page(self) -> int:
        """The page that holds the middle of what is seen, from 0."""
        return self._page

    @property
    def zoom(self) -> float:
        """Pixels a point, in shares of the natural size."""
        return self._scale() / _NATURAL

    @property
    def drawn(self) -> tuple[int, ...]:
        """The pages whose drawing is kept, from 0."""
        return tuple(self._drawn)

    def show_paper(self, paper: Paper) -> None:
        """Show another document from its first page."""
        self._paper = paper
        self._drawn.clear()
        self._page = 0
        self._arrange()
        self.verticalScrollBar().setValue(0)
        self._describe()

    def set_mode(self, mode: str | float) -> None:
        """Fit the width or the page, or keep one zoom; the place in front stays in front."""
        place = self._place()
        self._mode = mode
        self._arrange()
        self._go(*place)

    def step_zoom(self, up: bool) -> None:
        """The next larger or smaller of `ZOOMS`."""
        now = self.zoom
        larger, smaller = [zoom for zoom in ZOOMS if zoom > now + 0.01], [zoom for zoom in ZOOMS if zoom < now - 0.01]
        found = larger[:1] if up else smaller[-1:]
        if found:
            self.set_mode(found[0])
            self.stepped.emit(found[0])

    def go_to(self, page: int, top: float = 0.0) -> None:
        """Bring a place of a page, 0 to 1 from its top, to the top of what is seen."""
        if self._paper.sizes:
            number = min(max(page, 0), len(self._paper.sizes) - 1)
            self._go(number, top)

    def copy(self) -> None:
        """Copy the words of the page in front."""
        if self._paper.words:
            QGuiApplication.clipboard().setText(self._paper.words[self._page])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again."""
        super().resizeEvent(event)
        place = self._place()
        self._arrange()
        self._go(*place)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Pages in sight: white paper, the drawing once it is there."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), QColor(self._theme.tokens.ground))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for number in self._in_sight():
            place = self._box(number)
            found = self._drawn.get(number)
            if found is not None:
                painter.drawImage(place, found[1])
            else:
                self._paint_blank(painter, place, number)
            painter.setPen(QPen(QColor(self._theme.tokens.line), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(-0.5, -0.5, 0.5, 0.5))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End; the rest is the scroll area's."""
        bar = self.verticalScrollBar()
        if event.key() == Qt.Key.Key_Home:
            bar.setValue(0)
        elif event.key() == Qt.Key.Key_End:
            bar.setValue(bar.maximum())
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl it zooms."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.angleDelta().y():
                self.step_zoom(event.angleDelta().y() > 0)
            event.accept()
        else:
            super().wheelEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A page moved to a sharper screen is drawn again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._ask()

    def _paint_blank(self, painter: QPainter, place: QRectF, number: int) -> None:
        # Paper is white in both schemes, as the drawing that will replace it.
        painter.fillRect(place, Qt.GlobalColor.white)
        painter.setPen(Qt.GlobalColor.gray)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), f"Page {number + 1}")

    def _scale(self) -> float:
        if not isinstance(self._mode, str):
            return self._mode * _NATURAL
        width = max((width for width, _ in self._paper.sizes), default=595.0)
        height = max((height for _, height in self._paper.sizes), default=842.0)
        by_width = max(self.viewport().width() - 2 * BETWEEN, 64) / width
        by_height = max(self.viewport().height() - 2 * BETWEEN, 64) / height
        # Wider than twice the natural size a page only gets coarse steps for the wheel.
        return min(by_width, 2 * _NATURAL) if self._mode == "width" else min(by_width, by_height)

    def _tops(self) -> list[float]:
        tops, top, scale = [], float(BETWEEN), self._scale()
        for _, height in self._paper.sizes:
            tops.append(top)
            top += height * scale + BETWEEN
        return [*tops, top]

    def _box(self, number: int) -> QRectF:
        """Where a page lies in the viewport, to whole pixels."""
        scale, (width, height) = self._scale(), self._paper.sizes[number]
        room = max(self.viewport().width(), width * scale + 2 * BETWEEN)
        left = (room - width * scale) / 2 - self.horizontalScrollBar().value()
        top = self._tops()[number] - self.verticalScrollBar().value()
        return QRectF(round(left), round(top), round(width * scale), round(height * scale))

    def _in_sight(self) -> list[int]:
        low = self.verticalScrollBar().value()
        high = low + self.viewport().height()
        tops = self._tops()
        return [n for n in range(len(self._paper.sizes)) if tops[n + 1] > low and tops[n] < high]

    def _arrange(self) -> None:
        scale = self._scale()
        bars, seen = (self.horizontalScrollBar(), self.verticalScrollBar()), self.viewport().size()
        whole = max((width * scale for width, _ in self._paper.sizes), default=0.0) + 2 * BETWEEN
        for bar, length, room in zip(bars, (whole, self._tops()[-1]), (seen.width(), seen.height()), strict=True):
            bar.setRange(0, max(0, round(length) - room))
            bar.setPageStep(max(1, room - 2 * BETWEEN))
        self.zoomed.emit(self.zoom)
        self._ask()
        self.viewport().update()

    def _place(self) -> tuple[int, float]:
        """The place at the top of what is seen: a page, and how far down it."""
        if not self._paper.sizes:
            return 0, 0.0
        tops, value = self._tops(), self.verticalScrollBar().value()
        number = max((n for n in range(len(self._paper.sizes)) if tops[n] - BETWEEN <= value), default=0)
        return number, (value + BETWEEN - tops[number]) / (self._paper.sizes[number][1] * self._scale())

    def _go(self, number: int, top: float) -> None:
        if self._paper.sizes:
            height = self._paper.sizes[number][1] * self._scale()
            self.verticalScrollBar().setValue(round(self._tops()[number] + top * height - BETWEEN))
            self._on_scrolled()

    def _on_scrolled(self) -> None:
        middle = self.verticalScrollBar().value() + self.viewport().height() / 2
        tops = self._tops()
        front = max((n for n in range(len(self._paper.sizes)) if tops[n] <= middle), default=0)
        if front != self._page:
            self._page = front
            self._describe()
            self.turned.emit(front)
        self._ask()
        self.viewport().update()

    def _ask(self) -> None:
        """Want what is in sight and the next page, unless it is there already."""
        seen = self._in_sight()
        ahead = [seen[-1] + 1] if seen and seen[-1] + 1 < len(self._paper.sizes) else []
        ratio = self.devicePixelRatioF()
        widths = {n: round(self._box(n).width() * ratio) for n in (*seen, *ahead)}
        self._document.want({n: w for n, w in widths.items() if self._drawn.get(n, (0,))[0] != w})

    def _on_drawn(self, page: int, width: int, picture: QImage) -> None:
        self._drawn[page] = (width, picture)
        self._drawn.move_to_end(page)
        self._let_go()
        self.viewport().update()

    def _let_go(self) -> None:
        """The drawings used longest ago make room."""
        kept = sum(picture.width() * picture.height() for _, picture in self._drawn.values())
        seen = self._in_sight()
        for number in [number for number in self._drawn if number not in seen]:
            if kept <= _KEPT:
                return
            picture = self._drawn.pop(number)[1]
            kept -= picture.width() * picture.height()

    def _describe(self) -> None:
        count = len(self._paper.sizes)
        self.setAccessibleName(f"Page {self._page + 1} of {count}" if count else "No pages")
        self.setAccessibleDescription(self._paper.words[self._page] if self._paper.words else "")
