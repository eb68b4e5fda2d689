"""With Tab alone through results, inspector and comparison: every control in its turn, and one sees where one is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.app.test_accessibility import controls
from tests.app.test_screenshots import STATES
from tests.support.fake_engine import FakeEngine
from tests.support.settling import settle
from zepad_app.app import App

_MOST: int = 120

pytestmark = pytest.mark.slow


def around(page: QWidget, control: QWidget) -> QImage:
    place = QRect(control.mapTo(page, QPoint(0, 0)), control.size()).adjusted(-3, -3, 3, 3)
    return page.grab(place).toImage()


def walked(page: QWidget) -> tuple[list[QWidget], list[str]]:
    """The controls Tab visits from the first one on, and those that look the same with the focus as without."""
    page.setFocus()
    page.focusNextChild()
    order: list[QWidget] = []
    unmarked: list[str] = []
    while len(order) < _MOST:
        here = QApplication.focusWidget()
        if here is None or here in order or not page.isAncestorOf(here):
            break
        order.append(here)
        place = here.mapTo(page, QPoint(0, 0))
        marked = around(page, here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
        if here.mapTo(page, QPoint(0, 0)) == place and around(page, here) == marked:
            unmarked.append(f"{type(here).__name__} {here.accessibleName()}")
    return order, unmarked


def exclusive(control: QWidget, visited: set[QWidget | None]) -> bool:
    """Whether it is one of several choices of which another was visited: the arrow keys go on from there."""
    return isinstance(control, QAbstractButton) and control.group() is not None and control.parentWidget() in visited


@pytest.mark.parametrize("state", ["results", "results-detection", "inspect", "inspect-why", "compare"])
def test_tab_walks_through_the_page(app: App, engine: FakeEngine, qtbot: QtBot, state: str) -> None:
    STATES[state](app, engine)
    app.window.resize(1280, 800)
    app.window.show()
    app.window.activateWindow()
    qtbot.waitUntil(app.window.isActiveWindow)
    qtbot.wait(50)
    page = app.window.stack.currentWidget()
    settle(page)
    order, unmarked = walked(page)
    told = [f"{type(found).__name__} {found.accessibleName() or getattr(found, 'text', str)()}" for found in order]
    missed = [found for found in controls(page) if found.isVisible() and found.isEnabled() and found not in order]
    choices = {found.parentWidget() for found in order}
    names = [f"{type(found).__name__} {found.accessibleName()}" for found in missed if not exclusive(found, choices)]
    assert names == [], told
    assert unmarked == [], told
    tops = [found.mapTo(page, QPoint(0, 0)).y() for found in order]
    jumps = sum(later < earlier - 60 for earlier, later in pairwise(tops))
    assert jumps <= 4, list(zip(told, tops, strict=True))


def test_nothing_looks_chosen_on_a_page_that_has_just_come(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    STATES["plan"](app, engine)
    app.window.show()
    app.window.activateWindow()
    qtbot.waitUntil(app.window.isActiveWindow)
    QTest.keyClick(app.window, Qt.Key.Key_Tab)
    assert app.window.stack.isAncestorOf(QApplication.focusWidget())
    STATES["results"](app, engine)
    settle(app.window)
    assert QApplication.focusWidget() is app.window.stack
    QTest.keyClick(app.window.stack, Qt.Key.Key_Tab)
    assert app.window.stack.currentWidget().isAncestorOf(QApplication.focusWidget())
