"""The bar above the pages: which page, how large."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from zepad_app.paper.page_column import ZOOMS
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import IconButton
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput

_FITS: Final = (("width", "Fit width"), ("page", "Whole page"))


class PageBar(QFrame):
    """Page n of m and the zoom; it asks, and shows what it is told.

    Attributes:
        asked: a page from 0. fitted: "width", "page" or a zoom. stepped: one zoom larger (True) or smaller.
    """

    asked = Signal(int)
    fitted = Signal(object)
    stepped = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "header")
        self.before = IconButton(theme, "chevron_up", "Previous page")
        self.after = IconButton(theme, "chevron_down", "Next page")
        self.number = IntegerInput(1, 1)
        self.number.setFixedWidth(64)
        self.number.setKeyboardTracking(False)
        self.number.setAccessibleName("Page")
        self.count = theme.label("", soft=True)
        self.smaller = IconButton(theme, "zoom_out", "Smaller (Ctrl and the wheel)")
        self.larger = IconButton(theme, "zoom_in", "Larger (Ctrl and the wheel)")
        self.choice = ChoiceInput((*_FITS, *((str(zoom), f"{100 * zoom:.0f} %") for zoom in ZOOMS)))
        self.choice.setAccessibleName("Zoom")
        self.zoom = theme.label("", "caption", soft=True)
        self._arrange(theme)
        self.before.clicked.connect(lambda: self.asked.emit(self.number.value() - 2))
        self.after.clicked.connect(lambda: self.asked.emit(self.number.value()))
        self.number.valueChanged.connect(lambda number: self.asked.emit(number - 1))
        self.smaller.clicked.connect(lambda: self.stepped.emit(False))
        self.larger.clicked.connect(lambda: self.stepped.emit(True))
        self.choice.activated.connect(lambda _row: self._fit())

    def show_count(self, count: int) -> None:
        """Another document, of so many pages."""
        with QSignalBlocker(self.number):
            self.number.setRange(1, max(count, 1))
        self.count.setText(f"of {count:,}")
        self.tell_page(0)

    def tell_page(self, page: int) -> None:
        """The page in front, from 0."""
        with QSignalBlocker(self.number):
            self.number.setValue(page + 1)
        self.before.setEnabled(page > 0)
        self.after.setEnabled(page + 1 < self.number.maximum())

    def tell_zoom(self, zoom: float) -> None:
        """The zoom in force."""
        self.zoom.setText(f"{100 * zoom:.0f} %")
        self.smaller.setEnabled(zoom > ZOOMS[0])
        self.larger.setEnabled(zoom < ZOOMS[-1])

    def _fit(self) -> None:
        key = self.choice.key
        self.fitted.emit(key if key in dict(_FITS) else float(key))

    def _arrange(self, theme: Theme) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(AROUND, INSIDE, AROUND, INSIDE)
        row.setSpacing(INSIDE)
        turning: tuple[QWidget, ...] = (self.number, self.count, self.before, self.after)
        zooming: tuple[QWidget, ...] = (self.zoom, self.smaller, self.larger, self.choice)
        row.addWidget(theme.label("Page"))
        for widget in turning:
            row.addWidget(widget)
        row.addSpacing(BETWEEN)
        row.addStretch(1)
        for widget in zooming:
            row.addWidget(widget)
