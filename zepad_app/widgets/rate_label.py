"""A rate as text: the value in body size, its interval smaller behind it, n on hover."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from zepad_app.results.wording import rate_hint, rate_parts, rate_text
from zepad_app.theme import Theme
from zepad_app.widgets.explaining import add_question
from zepad_engine.evidence import Rate


class RateLabel(QLabel):
    """A rate with its interval smaller behind it; n stands in the tooltip."""

    def __init__(
        self, theme: Theme, rate: Rate | None = None, parent: QWidget | None = None, *, what: str = ""
    ) -> None:
        """``what`` says what the rate is of, for whoever asks how it was measured."""
        super().__init__(parent)
        self._theme = theme
        self._rate = rate
        self._what = what
        self.setTextFormat(Qt.TextFormat.RichText)
        theme.changed.connect(self._write)
        self._write()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the figure to be copied, and its recipe."""
        menu = QMenu(self)
        told = f"{rate_text(self._rate)} ({rate_hint(self._rate)})"
        menu.addAction("Copy", lambda: QGuiApplication.clipboard().setText(told))
        add_question(menu, self, self._what or "This rate", self._rate)
        menu.exec(event.globalPos())

    def _write(self) -> None:
        value, interval = rate_parts(self._rate)
        size, colour = self._theme.pixels("caption"), self._theme.tokens.ink_soft
        tail = f'&nbsp;<span style="font-size:{size}px; color:{colour}">{interval}</span>' if interval else ""
        self.setText(value.replace(" ", "&nbsp;") + tail)
        self.setAccessibleName(rate_text(self._rate))
        self.setToolTip(rate_hint(self._rate))
