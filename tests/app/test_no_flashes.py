"""Nothing is shown before it is put into the window: it would flash as a window and take the keyboard's focus."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.app.test_screenshots import STATES
from tests.support.fake_engine import FakeEngine
from tests.support.settling import settle
from zepad_app.app import App
from zepad_app.pages.results import ResultsPage


class Shown(QObject):
    """Notes every widget that is shown as a window."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt names it
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.names.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


@pytest.mark.parametrize(
    "state",
    ["drop-encoder", "plan-wrong", "running-tuning", "running-results", "results", "history", "compare", "inspect"],
)
def test_only_the_window_is_ever_shown(
    app: App, engine: FakeEngine, qapp: QApplication, qtbot: QtBot, state: str
) -> None:
    app.window.show()
    shown = Shown()
    qapp.installEventFilter(shown)
    try:
        STATES[state](app, engine)
        page = app.window.stack.currentWidget()
        for place in range(page.tabs.count()) if isinstance(page, ResultsPage) else ():
            page.tabs.setCurrentIndex(place)
            settle(page)
        settle(app.window)
        qtbot.wait(30)
    finally:
        qapp.removeEventFilter(shown)
    assert shown.names == []
