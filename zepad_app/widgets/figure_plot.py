"""A themed plot that can say itself in words, and be saved as a picture or as the figures behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.widgets.buttons import IconButton
from zepad_app.widgets.figure_menu import Figures, copy_figures, figure_menu, picture_of
from zepad_app.widgets.legend_row import Key, LegendRow
from zepad_app.widgets.plot_area import PlotArea
from zepad_app.widgets.stroke import Stroke

_BUTTON: Final = 28
# Air beside the words of the left axis.
_BESIDE: Final = 12
_EDGE: Final = 8
_OUTLINE: Final = 1.6


class FigurePlot(QWidget):
    """A plot without pan and zoom, so that a page can scroll; subclasses fill ``plot`` in `draw`."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.plot = PlotArea()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self.more = IconButton(theme, "more", f"Copy or save: {title}", self)
        self.more.setFixedSize(_BUTTON, _BUTTON)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setAutoFillBackground(True)
        self.more.clicked.connect(lambda: self.menu().exec(self.more.mapToGlobal(self.more.rect().bottomLeft())))
        self.more.hide()
        self._faded = False
        theme.changed.connect(self._on_look)

    def draw(self) -> None:
        """Put the items of this plot on ``self.plot``."""
        raise NotImplementedError

    def summary(self) -> str:
        """The plot in a sentence or two, for those who hear it."""
        raise NotImplementedError

    def figures(self) -> Figures:
        """The figures drawn, a header row first."""
        raise NotImplementedError

    def keys(self) -> tuple[Key, ...]:
        """The key of this plot; a picture that leaves the window takes it along."""
        return ()

    def redraw(self) -> None:
        """Draw everything again in the colours in force."""
        self.plot.clear()
        self.plot.setBackground(self.theme.tokens.surface)
        self._dress_axes()
        self.draw()
        self.setAccessibleDescription(self.summary())

    def showEvent(self, event: QShowEvent) -> None:
        """What was out of sight when the look changed is drawn in it before it is seen."""
        super().showEvent(event)
        if self._faded:
            self._faded = False
            self.redraw()

    def _on_look(self) -> None:
        self._faded = not self.isVisible() and self.window().isVisible()
        if not self._faded:
            self.redraw()

    def soft(self) -> QColor:
        """The colour of what only accompanies."""
        return QColor(self.theme.tokens.ink_soft)

    def hairline(self) -> QPen:
        """The pen of grids and axes."""
        pen = QPen(QColor(self.theme.tokens.line))
        pen.setCosmetic(True)
        return pen

    def set_ticks(self, side: str, ticks: Sequence[tuple[float, str]]) -> None:
        """Fix the ticks of an axis, and the room their words need at the left."""
        axis = self.plot.axis(side)
        axis.setTicks([list(ticks)])
        if side == "left":
            metrics = QFontMetrics(self.theme.font("caption"))
            # Known before the first painting, so that the plot does not jump then.
            axis.setWidth(max((metrics.horizontalAdvance(words) for _, words in ticks), default=0) + _BESIDE)

    def set_percent_ticks(self, side: str, low: float, high: float, step: float = 0.2) -> None:
        """Ticks at round shares, said as percent."""
        first, last = round(low / step), round(high / step)
        self.set_ticks(side, [(n * step, f"{100 * n * step:.0f} %") for n in range(first, last + 1)])

    def add_line(self, xs: Sequence[float], ys: Sequence[float], pen: QPen, *, pairs: bool = False) -> None:
        """A polyline, or separate strokes between each two points."""
        self.plot.add(Stroke(x=list(xs), y=list(ys), pen=pen, connect="pairs" if pairs else "all", antialias=True))

    def add_text(self, text: str, x: float, y: float, colour: QColor, anchor: tuple[float, float] = (0, 0.5)) -> None:
        """A caption at a place of the plot."""
        item = pg.TextItem(text, color=colour, anchor=anchor)
        item.setFont(self.theme.font("caption"))
        self.plot.add(item, ignore_bounds=True)
        item.setPos(x, y)

    def add_marks(
        self,
        points: Sequence[tuple[float, float]],
        symbol: str,
        colour: QColor,
        *,
        size: int = 10,
        filled: bool = True,
        hints: Sequence[str] = (),
    ) -> None:
        """Markers, each with an optional hint on hover."""
        # A symbol is one unit across before it is scaled: so the outline keeps its width at any density.
        pen = QPen(colour, _OUTLINE / size)
        item = pg.ScatterPlotItem(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            data=list(hints) or None,
            symbol=symbol,
            size=size,
            pen=pen,
            brush=colour if filled else QColor(self.theme.tokens.surface),
            hoverable=bool(hints),
            hoverSize=size + 3,
            tip=lambda x, y, data: str(data),  # noqa: ARG005 - pyqtgraph calls it by these names
            antialias=True,
        )
        self.plot.add(item)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the picture, the figures and their recipe."""
        self.menu().exec(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the figures."""
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_figures(self)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The menu's button shows while it may be wanted."""
        super().enterEvent(event)
        self.more.show()

    def leaveEvent(self, event: QEvent) -> None:
        """And hides again."""
        super().leaveEvent(event)
        self.more.setVisible(self.hasFocus())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard is here: show the button, and where the focus is."""
        super().focusInEvent(event)
        self.more.show()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard has gone on, to the button perhaps."""
        super().focusOutEvent(event)
        self.more.setVisible(self.more.hasFocus() or self.underMouse())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The button keeps to the upper right corner."""
        super().resizeEvent(event)
        self.more.move(self.width() - _BUTTON, 0)

    def menu(self) -> QMenu:
        """The context menu."""
        return figure_menu(self, lambda: self.theme.tokens.surface)

    def picture(self) -> QPixmap:
        """The plot at twice its size on screen, on the surface it stands on."""
        return picture_of(self, self.theme.tokens.surface)

    def figure_size(self) -> QSize:
        """The plot with its title and its key above."""
        return QSize(self.width(), self.height() + self._head())

    def paint_figure(self, painter: QPainter) -> None:
        """Draw title, key and plot as vectors, markers too."""
        self._paint_head(painter)
        area = QRectF(0, self._head(), self.width(), self.height())
        items = self.plot.drawn
        marked = [item for item in items if hasattr(item, "setExportMode")]
        for item in marked:
            item.setExportMode(True, {"painter": painter, "antialias": True, "background": QColor(0, 0, 0, 0)})
        try:
            self.plot.render(painter, area, self.plot.viewport().rect())
        finally:
            for item in marked:
                item.setExportMode(False)

    def _legend(self) -> LegendRow:
        row = LegendRow(self.theme, self.keys())
        row.resize(self.width() - 2 * _EDGE, row.heightForWidth(self.width() - 2 * _EDGE) if self.keys() else 0)
        return row

    def _title_area(self) -> QRect:
        font = QFontMetrics(self.theme.font("body"))
        room = QRect(_EDGE, _EDGE, self.width() - 2 * _EDGE, 10_000)
        box = font.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.accessibleName())
        return QRect(_EDGE, _EDGE, room.width(), box.height())

    def _head(self) -> int:
        return self._title_area().bottom() + 4 + self._legend().height() + _EDGE

    def _paint_head(self, painter: QPainter) -> None:
        title = self._title_area()
        painter.setFont(self.theme.font("body"))
        painter.setPen(QColor(self.theme.tokens.ink))
        painter.drawText(title, int(Qt.TextFlag.TextWordWrap), self.accessibleName())
        if self.keys():
            painter.save()
            painter.translate(_EDGE, title.bottom() + 4)
            self._legend().paint(painter)
            painter.restore()

    def _dress_axes(self) -> None:
        for side in self.plot.sides:
            axis = self.plot.axis(side)
            axis.setPen(self.hairline())
            axis.setTextPen(self.soft())
            axis.setTickFont(self.theme.font("caption"))
            axis.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
