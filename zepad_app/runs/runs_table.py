"""The table of past audits: the perturbation's picture beside the name, the verdict in two lines, missing ones grey."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from zepad_app.history import RecentRun
from zepad_app.runs.runs_model import AUDIT, DATE, NUMBERS, PRESET, RUN_ROLE, SEED, SIZE, STATE, VERDICT, FilteredRuns
from zepad_app.runs.wording import STATE_ICONS
from zepad_app.theme import Theme
from zepad_app.widgets.thumbnail import square
from zepad_engine.shown_names import shown_name

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_THUMBNAIL: Final = 40
_PAD: Final = 8
_LINES: Final = 2
# The widest each narrow column may have to hold, the arrow of the sorting with it.
_WIDEST: Final = {
    STATE: "Can be resumed" + 8 * " ",
    PRESET: "Standard ↓",
    SEED: "00000000",
    DATE: "Yesterday 00:00",
    SIZE: "On disk ↓ ",
}
_VERDICT: Final = 240
_LEAST_FIRST: Final = (SIZE, PRESET, SEED, DATE)
_RETURN: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class RunDelegate(QStyledItemDelegate):
    """Draws one cell of a run."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pictures: dict[tuple[Path, float], QPixmap] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Ground, a hairline below, and what the column holds."""
        run: RecentRun = index.data(RUN_ROLE)
        tokens, box = self._theme.tokens, QRect(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(tokens.raised))
        painter.setPen(QPen(QColor(tokens.line)))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if self._has_focus(option, index):
            painter.fillRect(QRect(box.left(), box.top(), 3, box.height() - 1), QColor(tokens.accent))
        inside = box.adjusted(_PAD, 0, -_PAD, 0)
        if index.column() == AUDIT:
            self._paint_audit(painter, inside, run)
        elif index.column() == VERDICT:
            self._paint_lines(painter, inside, str(index.data()))
        else:
            self._paint_text(painter, inside, index, run)
        painter.restore()

    def _has_focus(self, option: QStyleOptionViewItem, index: _Index) -> bool:
        view = option.widget
        if index.column() != AUDIT or not isinstance(view, QTableView) or not view.hasFocus():
            return False
        return view.currentIndex().row() == index.row()

    def _paint_audit(self, painter: QPainter, box: QRect, run: RecentRun) -> None:
        place = QRect(box.left(), box.center().y() - _THUMBNAIL // 2, _THUMBNAIL, _THUMBNAIL)
        self._paint_picture(painter, place, run)
        words = box.adjusted(_THUMBNAIL + 12, 0, 0, 0)
        body, caption = self._theme.font("body"), self._theme.font("caption")
        body.setWeight(body.Weight.DemiBold)
        upper, lower = QFontMetrics(body).height(), QFontMetrics(caption).height()
        top = box.center().y() - (upper + lower + 2) // 2
        missing = run.state == "missing"
        self._draw(painter, QRect(words.left(), top, words.width(), upper), run.name, body, soft=missing)
        below = QRect(words.left(), top + upper + 2, words.width(), lower)
        self._draw(painter, below, shown_name(run.folder.name), caption, soft=True, mode=Qt.TextElideMode.ElideMiddle)

    def _paint_picture(self, painter: QPainter, place: QRect, run: RecentRun) -> None:
        tokens = self._theme.tokens
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(place), 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(frame, QColor(tokens.raised))
        picture = self._picture(run, painter.device().devicePixelRatioF())
        if picture is None:
            icon = self._theme.icon("encoder", tokens.ink_soft)
            icon.paint(painter, place.adjusted(10, 10, -10, -10))
            return
        painter.setClipPath(frame)
        painter.drawPixmap(place, picture)
        painter.setClipping(False)

    def _picture(self, run: RecentRun, ratio: float) -> QPixmap | None:
        if run.thumbnail is None:
            return None
        key = (run.thumbnail, ratio)
        if key not in self._pictures:
            self._pictures[key] = square(run.thumbnail, round(_THUMBNAIL * ratio))
        return None if self._pictures[key].isNull() else self._pictures[key]

    def _paint_lines(self, painter: QPainter, box: QRect, text: str) -> None:
        """At most two lines; a longer text ends in an ellipsis."""
        font = self._theme.font("caption")
        painter.setFont(font)
        painter.setPen(QColor(self._theme.tokens.ink_soft))
        lines = _wrapped(text, QFontMetrics(font), font, box.width())
        height = QFontMetrics(font).lineSpacing()
        top = box.center().y() - len(lines) * height // 2
        for number, line in enumerate(lines):
            place = QRect(box.left(), top + number * height, box.width(), height)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), line)

    def _paint_text(self, painter: QPainter, box: QRect, index: _Index, run: RecentRun) -> None:
        if index.column() == STATE:
            tokens = self._theme.tokens
            colour = tokens.warning if run.state == "missing" else tokens.ink_soft
            icon = self._theme.icon(STATE_ICONS[run.state], colour)
            icon.paint(painter, QRect(box.left(), box.center().y() - 8, 16, 16))
            box = box.adjusted(24, 0, 0, 0)
        self._draw(
            painter,
            box,
            str(index.data()),
            self._theme.font("caption"),
            soft=run.state == "missing",
            right=index.column() in NUMBERS,
        )

    def _draw(
        self,
        painter: QPainter,
        box: QRect,
        text: str,
        font: QFont,
        *,
        soft: bool,
        right: bool = False,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        tokens = self._theme.tokens
        painter.setFont(font)
        painter.setPen(QColor(tokens.ink_soft if soft else tokens.ink))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        shown = painter.fontMetrics().elidedText(text, mode, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | side), shown)


class RunsTable(QTableView):
    """Any number of rows may be selected; Return or a double click opens the one at hand."""

    opened = Signal(object)
    selection_changed = Signal()
    menu_asked = Signal(object)
    delete_asked = Signal()

    def __init__(self, theme: Theme, runs: FilteredRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setModel(runs)
        self.setItemDelegate(RunDelegate(theme, self))
        self.setAccessibleName("Past audits")
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.sortByColumn(DATE, Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(48)
        # The style's arrow lies on the words; the model says the order in them.
        self.horizontalHeader().setSortIndicatorShown(False)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        runs.rowsRemoved.connect(lambda *_: self.selection_changed.emit())
        runs.modelReset.connect(self.selection_changed)
        theme.changed.connect(self.fit)
        self.fit()

    @property
    def selected(self) -> tuple[RecentRun, ...]:
        """The selected runs, in the order of the rows."""
        rows = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return tuple(index.data(RUN_ROLE) for index in rows)

    def select(self, folders: tuple[Path, ...]) -> None:
        """Select the rows of these runs and no others."""
        self.clearSelection()
        mode = self.selectionModel().SelectionFlag.Select | self.selectionModel().SelectionFlag.Rows
        for row in range(self.model().rowCount()):
            index = self.model().index(row, 0)
            if index.data(RUN_ROLE).folder in folders:
                self.selectionModel().select(index, mode)

    def fit(self) -> None:
        """Rows of one height; narrow columns as wide as what they may hold, name and verdict share the rest."""
        caption = QFontMetrics(self._theme.font("caption"))
        rows, header = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(max(_THUMBNAIL, _LINES * caption.lineSpacing() + 4) + 16)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(VERDICT, QHeaderView.ResizeMode.Stretch)
        widths = {column: caption.horizontalAdvance(text) + 2 * _PAD + 4 for column, text in _WIDEST.items()}
        for column, width in widths.items():
            header.resizeSection(column, width)
        self._share(widths)

    def _share(self, widths: dict[int, int]) -> None:
        """A quarter for the name; what says least goes first where the verdict would get too little room."""
        name = max(round(200 * self._theme.scale), self.viewport().width() // 4)
        self.horizontalHeader().resizeSection(AUDIT, name)
        left = self.viewport().width() - name - sum(widths.values()) - round(_VERDICT * self._theme.scale)
        for column in _LEAST_FIRST:
            self.setColumnHidden(column, left < 0)
            left += widths[column] if left < 0 else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return opens, Delete asks to delete."""
        if event.key() in _RETURN and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().data(RUN_ROLE))
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_asked.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the row."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.opened.emit(index.data(RUN_ROLE))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is selected."""
        if self.selected:
            self.menu_asked.emit(event.globalPos())


def _wrapped(text: str, metrics: QFontMetrics, font: QFont, width: int) -> list[str]:
    layout = QTextLayout(text, font)
    layout.setTextOption(QTextOption())
    lines: list[str] = []
    layout.beginLayout()
    while len(lines) < _LINES and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        rest = text[line.textStart() :]
        last = len(lines) == _LINES - 1
        lines.append(
            metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width) if last else rest[: line.textLength()].rstrip()
        )
    layout.endLayout()
    return lines
