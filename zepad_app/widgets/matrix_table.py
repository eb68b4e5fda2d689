"""The transfer matrix as a heat map: the more images are answered wrongly, the stronger the cell."""

from __future__ import annotations

from typing import Final, TypeAlias

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from zepad_app.colour_scale import heat
from zepad_app.results.matrix import AGAINST_ROLE, Matrix
from zepad_app.results.rate_table import FIRST_OF_GROUP_ROLE, RATE_ROLE
from zepad_app.results.wording import NOT_MEASURED, percent
from zepad_app.theme import Theme
from zepad_app.tokens import Role
from zepad_app.widgets.figure_menu import Figures
from zepad_app.widgets.figure_table import FigureTable

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_PAD: Final = 8
# A column of rates gains nothing from being wider, at the usual text size.
_WIDEST: Final = 152
# Room for the arrow of the order, in a share of the heading's height.
_ARROW: Final = 1.2


class HeatDelegate(QStyledItemDelegate):
    """Draws a cell: the rate, its interval below, on its ground."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one cell."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, tokens = QRect(option.rect), self._theme.tokens
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if index.data(FIRST_OF_GROUP_ROLE):
            painter.setPen(QColor(tokens.line))
            painter.drawLine(box.topLeft(), box.topRight())
        if index.column() == 0:
            if chosen:
                painter.fillRect(box, QColor(tokens.raised))
            self._paint_name(painter, box.adjusted(_PAD, 0, 0, 0), index)
        else:
            self._paint_rate(painter, QRectF(box).adjusted(2, 3, -2, -2), index, chosen=chosen)
        painter.restore()

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Room for the words."""
        body, caption = (QFontMetrics(self._theme.font(role)) for role in ("body", "caption"))
        if index.column() == 0:
            wide = max(body.horizontalAdvance(str(index.data())), caption.horizontalAdvance(index.data(AGAINST_ROLE)))
        else:
            wide = caption.horizontalAdvance("[100.0, 100.0]")
        return QSize(wide + 2 * _PAD, self.row_height())

    def row_height(self) -> int:
        """Two lines and the air around them."""
        body, caption = (QFontMetrics(self._theme.font(role)).height() for role in ("body", "caption"))
        return body + caption + 12

    def _paint_name(self, painter: QPainter, box: QRect, index: _Index) -> None:
        against, tokens = str(index.data(AGAINST_ROLE)), self._theme.tokens
        caption = QFontMetrics(self._theme.font("caption")).height() if against else 0
        painter.setPen(QColor(tokens.ink))
        above, below = box.adjusted(0, 0, 0, -caption), box.adjusted(0, 0, 0, -4)
        self._draw(painter, above, Qt.AlignmentFlag.AlignVCenter, str(index.data()), "body")
        painter.setPen(QColor(tokens.ink_soft))
        self._draw(painter, below, Qt.AlignmentFlag.AlignBottom, against, "caption")

    def _draw(self, painter: QPainter, box: QRect, place: Qt.AlignmentFlag, words: str, role: Role) -> None:
        font = self._theme.font(role)
        painter.setFont(font)
        painter.drawText(box, place, QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, box.width()))

    def _paint_rate(self, painter: QPainter, box: QRectF, index: _Index, *, chosen: bool) -> None:
        rate, tokens = index.data(RATE_ROLE), self._theme.tokens
        painter.setPen(QColor(tokens.accent) if chosen else Qt.PenStyle.NoPen)
        painter.setBrush(heat(tokens, 1 - rate.value) if rate is not None else QColor(tokens.surface))
        painter.drawRoundedRect(box, 4, 4)
        middle = int(Qt.AlignmentFlag.AlignHCenter)
        painter.setFont(self._theme.font("body"))
        if rate is None:
            painter.setPen(QColor(tokens.ink_soft))
            painter.drawText(box, middle | int(Qt.AlignmentFlag.AlignVCenter), NOT_MEASURED)
            return
        painter.setPen(QColor(tokens.ink))
        painter.drawText(box.adjusted(0, 2, 0, 0), middle | int(Qt.AlignmentFlag.AlignTop), percent(rate.value))
        painter.setFont(self._theme.font("caption"))
        told = f"[{100 * rate.low:.1f}, {100 * rate.high:.1f}]"
        painter.drawText(box.adjusted(0, 0, 0, -3), middle | int(Qt.AlignmentFlag.AlignBottom), told)


class MatrixTable(FigureTable):
    """Sortable, with a cell per attack and task."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.matrix = Matrix()
        super().__init__(theme, self.matrix, "Accuracy under each attack on each task", named=1, parent=parent)
        self._delegate = HeatDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def figures(self) -> Figures:
        """Every rate with its n and interval."""
        return self.matrix.long_figures()

    def summary(self) -> str:
        """Each attack with its lowest cell."""
        return self.matrix.summary()

    def fit(self) -> None:
        """As for any table, and the columns of rates alike."""
        super().fit()
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names their room first."""
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Columns of rates as wide as each other while the names have room, and no wider than rate or heading."""
        header, rates = self.horizontalHeader(), range(1, self.model().columnCount())
        least = {column: max(self.sizeHintForColumn(column), self._heading_width(column)) for column in rates}
        names = max(self.sizeHintForColumn(0), self._heading_width(0))
        equal = (self.viewport().width() - names) // max(1, len(least))
        for column, width in least.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, max(width, min(equal, round(_WIDEST * self._theme.scale))))

    def _heading_width(self, column: int) -> int:
        """The width of a heading with its arrow."""
        caption = QFontMetrics(self._theme.font("caption"))
        text = str(self.model().headerData(column, Qt.Orientation.Horizontal))
        return caption.horizontalAdvance(text) + round(_ARROW * caption.height()) + 2 * _PAD

    def row_height(self) -> int:
        """As the cells need it."""
        return HeatDelegate(self._theme, self).row_height()


class HeatKey(QWidget):
    """The scale of the heat map: from all images right to none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Key: the stronger the colour, the fewer images are answered rightly")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """A bar between two words."""
        metrics = QFontMetrics(self._theme.font("caption"))
        return QSize(metrics.horizontalAdvance("100 % right0 %") + 160 + 24, metrics.height() + 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Words and steps."""
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        metrics, tokens = QFontMetrics(self._theme.font("caption")), self._theme.tokens
        left = metrics.horizontalAdvance("100 % right") + 8
        painter.setPen(QColor(tokens.ink_soft))
        centred = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(0, 0, left, self.height()), centred, "100 % right")
        painter.drawText(QRect(left + 168, 0, 60, self.height()), centred, "0 %")
        for step in range(40):
            painter.fillRect(QRect(left + 4 * step, 6, 4, self.height() - 12), heat(tokens, step / 39))
        painter.drawRect(QRect(left, 6, 159, self.height() - 13))
