"""One picture of the filmstrip: thumbnail with its flag, name, answer, and the score on a bar with the threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from zepad_app.inspection.film_model import FLAG_ROLE, ROW_ROLE
from zepad_app.inspection.thumbnails import thumbnail
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE
from zepad_engine.questions import SiftRow

_SIDE: Final = 48
_BADGE: Final = 18
_BAR: Final = 4


class FilmDelegate(QStyledItemDelegate):
    """Draws rows of one height; pictures come from the run ``folder``."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.folder = Path()
        self.low, self.high, self.threshold = -1.0, 1.0, 0.0

    def show_scale(self, low: float, high: float, threshold: float) -> None:
        """The scores at both ends of every bar, and where its threshold stands."""
        self.low, self.high, self.threshold = low, high, threshold

    def share(self, score: float) -> float:
        """The place of a score on its bar, 0 to 1."""
        return min(max((score - self.low) / max(self.high - self.low, 1e-9), 0.0), 1.0)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """As high as thumbnail or text."""
        text = 2 * self._line() + _BAR + INSIDE
        return QSize(160, max(_SIDE, text) + 2 * INSIDE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one picture."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        row: SiftRow | None = index.data(ROW_ROLE)
        box = option.rect.adjusted(INSIDE, INSIDE, -INSIDE, -INSIDE)
        picture = QRect(box.left(), box.top() + (box.height() - _SIDE) // 2, _SIDE, _SIDE)
        self._paint_picture(painter, picture, row)
        flagged = bool(index.data(FLAG_ROLE))
        if flagged:
            self._paint_flag(painter, picture)
        words = box.adjusted(_SIDE + INSIDE + 2, 0, 0, 0)
        self._paint_words(painter, words, str(index.data()), row)
        if row is not None and not row.refused:
            self._paint_bar(painter, words, row, flagged=flagged)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        tokens, state = self._theme.tokens, option.state
        box = QRectF(option.rect).adjusted(2, 1, -2, -1)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            focused = chosen and bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QPen(QColor(tokens.accent if focused else tokens.raised), 1))
            painter.setBrush(QColor(tokens.raised))
            painter.drawRoundedRect(box, 6, 6)

    def _paint_picture(self, painter: QPainter, box: QRect, row: SiftRow | None) -> None:
        pixmap = thumbnail(self.folder, row.thumbnail) if row is not None else None
        if pixmap is None or pixmap.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.tokens.line if row is None else self._theme.tokens.raised))
            painter.drawRoundedRect(box, 4, 4)
            icon = self._theme.icon("image" if row is None or not row.refused else "wrong", self._soft().name())
            icon.paint(painter, box.adjusted(14, 14, -14, -14))
            return
        size = pixmap.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        # Few pixels keep their edges; a photograph made smaller wants smoothing.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, pixmap.width() > _SIDE)
        painter.drawPixmap(target, pixmap)

    def _paint_flag(self, painter: QPainter, picture: QRect) -> None:
        box = QRect(picture.right() - _BADGE + 6, picture.top() - 4, _BADGE, _BADGE)
        painter.setPen(QPen(QColor(self._theme.tokens.surface), 2))
        painter.setBrush(self._theme.colour("adversarial"))
        painter.drawRoundedRect(box, 5, 5)
        self._theme.icon("flag", self._theme.tokens.surface).paint(painter, box.adjusted(3, 3, -3, -3))

    def _paint_words(self, painter: QPainter, box: QRect, name: str, row: SiftRow | None) -> None:
        font = self._theme.font("caption")
        painter.setFont(font)
        metrics, line = QFontMetrics(font), self._line()
        refused = row is not None and bool(row.refused)
        painter.setPen(self._soft() if refused else QColor(self._theme.tokens.ink))
        elided = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, box.width())
        painter.drawText(QRect(box.left(), box.top(), box.width(), line), 0, elided)
        painter.setPen(self._soft())
        below = QRect(box.left(), box.top() + line, box.width(), line if not refused else 2 * line)
        if row is None:
            painter.drawText(below, 0, "not looked at yet")
        elif refused:
            words = metrics.elidedText(row.refused, Qt.TextElideMode.ElideRight, 2 * box.width() - 24)
            painter.drawText(below, int(Qt.TextFlag.TextWordWrap), words)
        else:
            share = f"{100 * row.probability:.0f} %"
            room = box.width() - metrics.horizontalAdvance(share) - 6
            painter.drawText(below, 0, metrics.elidedText(row.answer, Qt.TextElideMode.ElideRight, room))
            painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), share)

    def _paint_bar(self, painter: QPainter, box: QRect, row: SiftRow, *, flagged: bool) -> None:
        tokens = self._theme.tokens
        track = QRectF(box.left(), box.top() + 2 * self._line() + INSIDE / 2, box.width(), _BAR)
        painter.fillRect(track, QColor(tokens.raised if not flagged else tokens.line))
        meaning: QColor = self._theme.colour("adversarial" if flagged else "undefended")
        painter.fillRect(QRectF(track.left(), track.top(), track.width() * self.share(row.score), _BAR), meaning)
        painter.setPen(QPen(QColor(tokens.ink), 1.4))
        x = track.left() + track.width() * self.share(self.threshold)
        painter.drawLine(QPointF(x, track.top() - 2), QPointF(x, track.bottom() + 2))

    def _line(self) -> int:
        return QFontMetrics(self._theme.font("caption")).height()

    def _soft(self) -> QColor:
        return QColor(self._theme.tokens.ink_soft)
