"""The frame's own surfaces, light and dark, kept in ``artefacts/shots``: dialogs, help, a drag, a fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.app.test_screenshots import FOLDER, stored_runs
from tests.support.fake_engine import FakeEngine, ready
from zepad_app.app import App
from zepad_app.dialogs import shortcuts_dialog
from zepad_app.failures import NoticeText
from zepad_app.help_window import HelpWindow
from zepad_app.preferences import Scheme
from zepad_app.preferences_dialog import PreferencesDialog

FAULT = NoticeText(
    sentence="Something in the window went wrong; this is our fault.",
    advice="You can go on, and nothing that was stored is lost. Please report it with the details.",
    detail='Traceback (most recent call last):\n  File "page.py", line 12, in act\nValueError: a bolt came loose',
)


def preferences(app: App) -> QWidget:
    return PreferencesDialog(app.window, app.settings, ready(), busy=False)


def guide(app: App) -> QWidget:
    made = HelpWindow(app.theme, app.window)
    made.show_page("reading-the-verdict")
    return made


def keys(app: App) -> QWidget:
    return shortcuts_dialog(app.window, app.window.commands)


def drag(app: App, name: str) -> QWidget:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(name)])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    app.window.dragEnterEvent(QDragEnterEvent(QPoint(300, 300), copy, data, left, plain))
    return app.window


def fault(app: App) -> QWidget:
    app.window.notice.tell(FAULT)
    app.window._notice_row.show()
    app.window.notice.fold.click()
    return app.window


SURFACES: dict[str, Callable[[App], QWidget]] = {
    "preferences": preferences,
    "help": guide,
    "shortcuts": keys,
    "drag-encoder": lambda app: drag(app, "/data/simclr-r50.pth"),
    "drag-refused": lambda app: drag(app, "/data/thesis.docx"),
    "fault": fault,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SURFACES)
def test_surface_is_drawn(app: App, engine: FakeEngine, qtbot: QtBot, name: str, scheme: Scheme) -> None:
    app.theme.choose(scheme)
    stored_runs()
    engine.be_ready()
    app.window.resize(QSize(1280, 800))
    app.window.show()
    surface = SURFACES[name](app)
    surface.show()
    qtbot.wait(60)
    picture = surface.grab().toImage()
    FOLDER.mkdir(parents=True, exist_ok=True)
    assert picture.save(str(FOLDER / f"{name}-{scheme}{'@2x' if picture.devicePixelRatio() == 2 else ''}.png"))
    middle = {picture.pixelColor(x, picture.height() // 2).lightness() for x in range(0, picture.width(), 5)}
    assert len(middle) > 1
    # Most of a surface is ground: its corner tells the scheme.
    assert (QColor(picture.pixel(3, picture.height() - 4)).lightness() > 128) == (scheme == "light")
