"""The question every number answers: how was this measured? The page around a widget knows."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QWidget

from zepad_engine.evidence import Rate

QUESTION = "How was this measured?"


@runtime_checkable
class Explains(Protocol):
    """A page that can tell the recipe behind what it shows."""

    def explain(self, what: str, rate: Rate | None, place: QPoint) -> None:
        """Tell how ``what`` was measured, beside a place on the screen."""


def explainer_of(widget: QWidget) -> Explains | None:
    """The nearest page around a widget that explains, or None."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, Explains):
        parent = parent.parentWidget()
    return parent


def add_question(menu: QMenu, widget: QWidget, what: str, rate: Rate | None = None) -> None:
    """Add the question to the menu of a widget, where its page can answer it."""
    page = explainer_of(widget)
    if page is None:
        return
    if not menu.isEmpty():
        menu.addSeparator()
    menu.addAction(QUESTION, lambda: page.explain(what, rate, QCursor.pos()))
