"""Who cannot see the window, or has no mouse: every control has a name, and Tab reaches each in the order one reads."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.app.test_window import store
from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine, ready
from tests.support.sample_judgement import write_pictures
from tests.support.sample_preflight import said_inspected
from zepad_app.app import App
from zepad_app.dialogs import shortcuts_dialog
from zepad_app.help_window import HelpWindow
from zepad_app.preferences_dialog import PreferencesDialog
from zepad_engine import messages
from zepad_engine.plan import AuditPlan

CONTROLS = (
    *(QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractSlider, QAbstractItemView),
    *(QPlainTextEdit, QTextEdit),
)


def controls(root: QWidget) -> list[QWidget]:
    """What one can act on below a widget; the insides of Qt's own widgets are not controls of ours."""
    found = []
    for widget in root.findChildren(QWidget):
        inside = isinstance(widget.parent(), QLineEdit | QComboBox | QAbstractSpinBox | QTabBar | QAbstractItemView)
        inside = inside or widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar)
        popup = any(isinstance(above, QComboBox) for above in ancestors(widget))
        if isinstance(widget, CONTROLS) and not inside and not popup:
            found.append(widget)
    return found


def ancestors(widget: QWidget) -> list[QWidget]:
    above, found = widget.parentWidget(), []
    while above is not None:
        found.append(above)
        above = above.parentWidget()
    return found


def nameless(root: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} in {' < '.join(type(above).__name__ for above in ancestors(widget)[:4])}"
        for widget in controls(root)
        if widget.isVisibleTo(root)
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]


def drop(app: App, engine: FakeEngine) -> None:
    store("a", finished=True)
    store("b", finished=False)
    app.window.open_files((Path("/data/encoder.pth"),))
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    engine.say(said_inspected(request))
    app.window.pages.page("drop").preflight.open_editor()  # type: ignore[attr-defined]


def plan(app: App, engine: FakeEngine) -> None:
    app.window.pages.edit_plan(AuditPlan())
    for section in app.window.pages.page("plan").sections.values():  # type: ignore[attr-defined]
        section.set_open(True)


def running(app: App, engine: FakeEngine) -> None:
    run = app.model.start(AuditPlan())
    engine.say(fake_engine.started(run, Path("/data/run")), fake_engine.crafting_points(run))
    engine.say(messages.Found(run=run, cells=fake_engine.cells()))


def finished(app: App, engine: FakeEngine) -> None:
    folder = store("z", finished=True)
    write_pictures(folder, side=4)
    app.model.load_run(folder)


STATES: dict[str, Callable[[App, FakeEngine], None]] = {
    "drop": drop,
    "plan": plan,
    "running": running,
    "results": finished,
    "inspect": finished,
    "history": drop,
    "compare": drop,
}


@pytest.mark.parametrize("name", STATES)
def test_every_control_of_a_page_has_a_name(app: App, engine: FakeEngine, qtbot: QtBot, name: str) -> None:
    engine.be_ready()
    STATES[name](app, engine)
    app.window.show_page(name)
    app.window.show()
    qtbot.wait(50)
    page = app.window.stack.currentWidget()
    assert len(controls(page)) >= (1 if name == "running" else 3)
    assert nameless(page) == []


def test_every_control_of_the_frame_and_the_dialogs_has_a_name(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.be_ready()
    preferences = PreferencesDialog(app.window, app.settings, ready(), busy=False)
    keys = shortcuts_dialog(app.window, app.window.commands)
    guide = HelpWindow(app.theme, app.window)
    for root in (app.window.rail, app.window.header, app.window.notice, app.window.strip, preferences, keys, guide):
        assert nameless(root) == []
    assert len(controls(preferences)) > 12
    assert all(action.text() for action in app.window.actions_by_key.values())


def tab_order(root: QWidget) -> list[QWidget]:
    """The visible controls of a page in the order Tab visits them."""
    found, widget = [], root.nextInFocusChain()
    while widget is not None and widget is not root:
        tabbed = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value and widget.isEnabled()
        if tabbed and widget.isVisible() and root.isAncestorOf(widget):
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


@pytest.mark.parametrize("name", ["drop", "plan", "running", "history"])
def test_tab_reaches_every_control_from_top_to_bottom(app: App, engine: FakeEngine, qtbot: QtBot, name: str) -> None:
    engine.be_ready()
    STATES[name](app, engine)
    app.window.resize(1280, 800)
    app.window.show_page(name)
    app.window.show()
    qtbot.wait(50)
    page = app.window.stack.currentWidget()
    order = tab_order(page)
    missed = [
        found.accessibleName() or type(found).__name__
        for found in controls(page)
        if found.isVisible()
        and found.isEnabled()
        and found not in order
        and not isinstance(found, QAbstractButton)
        and found.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert missed == []
    tops = [found.mapTo(page, QPoint(0, 0)).y() for found in order]
    # Columns beside each other make a few steps back up; a chain that jumps about makes many.
    jumps = sum(later < earlier - 60 for earlier, later in pairwise(tops))
    assert jumps <= max(2, len(order) // 6), [
        (found.accessibleName(), top) for found, top in zip(order, tops, strict=True)
    ]
