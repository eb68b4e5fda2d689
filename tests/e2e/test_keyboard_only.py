"""From the start to an inspected image with the keyboard alone: plan, run, results, inspect, help and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar, QWidget

from zepad_app.app import App
from zepad_app.pages.drop import DropPage
from zepad_app.preferences_dialog import PreferencesDialog
from zepad_engine.questions import Judged

pytestmark = pytest.mark.slow

RUN_MS = 900_000
JUDGE_MS = 90_000
MOST_TABS = 150
CTRL = Qt.KeyboardModifier.ControlModifier


class Hands:
    """Ten fingers on a keyboard; no mouse."""

    def __init__(self, app: App, qtbot) -> None:
        self.app, self.qtbot = app, qtbot

    @property
    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.app.window

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.focus, key, modifier)
        self.qtbot.wait(20)

    def name(self) -> str:
        text = getattr(self.focus, "text", None)
        return self.focus.accessibleName() or (text() if callable(text) else "")

    def tab_to(self, name: str) -> None:
        """Tab until a control of this name has the focus."""
        seen = []
        for _ in range(MOST_TABS):
            if self.name() == name:
                return
            seen.append(self.name())
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never reaches {name!r}, only {list(dict.fromkeys(seen))}")

    @property
    def page(self) -> str:
        return self.app.window.pages.name_of(self.app.window.stack.currentWidget())


def test_an_audit_from_start_to_an_inspected_image_without_a_mouse(app, qtbot, tiny_plan, monkeypatch) -> None:
    # The sample's plan takes minutes; what is pressed is the same for a plan of seconds.
    monkeypatch.setattr(DropPage, "_sample_plan", lambda _self: tiny_plan)
    qtbot.waitUntil(app.window.isActiveWindow)
    hands = Hands(app, qtbot)

    hands.press(Qt.Key.Key_1, CTRL)
    hands.tab_to("Plan the sample audit")
    hands.press(Qt.Key.Key_Space)
    assert hands.page == "plan"

    hands.press(Qt.Key.Key_F5)
    assert hands.page == "running"
    qtbot.waitUntil(lambda: app.model.state.phase in ("done", "failed"), timeout=RUN_MS)
    assert app.model.state.phase == "done", app.model.state.error
    assert hands.page == "results"

    results = app.window.pages.page("results")
    bar = next(found for found in results.findChildren(QTabBar) if found.isVisible())
    for _ in range(MOST_TABS):
        if hands.focus is bar:
            break
        hands.press(Qt.Key.Key_Tab)
    assert hands.focus is bar
    seen = [bar.tabText(bar.currentIndex())]
    for _ in range(bar.count() - 1):
        hands.press(Qt.Key.Key_Right)
        seen.append(bar.tabText(bar.currentIndex()))
    assert len(set(seen)) == bar.count() > 5

    hands.press(Qt.Key.Key_3, CTRL)
    assert hands.page == "inspect"
    hands.tab_to("Browse test images")
    with qtbot.waitSignal(app.model.judged, timeout=JUDGE_MS) as answered:
        hands.press(Qt.Key.Key_Space)
    judged = answered.args[0]
    assert isinstance(judged, Judged)
    assert sum(branch.weight for branch in judged.branches) == pytest.approx(1.0)

    # With every tab made: what is out of sight may wait, the window must not.
    before = app.window.rail.styleSheet()
    for scheme in ("dark", "light"):
        app.window.deeds.choose_scheme(scheme)
        assert app.theme.dark == (scheme == "dark")
        qtbot.waitUntil(lambda: app.theme.settled)
    assert results.banner.styleSheet() == app.window.rail.styleSheet() == before

    hands.press(Qt.Key.Key_Comma, CTRL)
    (dialog,) = app.window.findChildren(PreferencesDialog)
    qtbot.waitUntil(lambda: dialog.isVisible() and dialog.isActiveWindow())
    hands.press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not app.window.findChildren(PreferencesDialog))

    # Without a window manager nobody gives the focus back.
    app.window.activateWindow()
    qtbot.waitUntil(app.window.isActiveWindow)
    hands.press(Qt.Key.Key_F1)
    guide = app.window.deeds.help
    qtbot.waitUntil(lambda: guide.isActiveWindow())
    hands.press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not guide.isVisible())
    assert app.window.isVisible()
