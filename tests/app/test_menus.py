from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QAction, QGuiApplication, QShortcut
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from tests.app.test_window import page_of, store
from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.sample_preflight import said_inspected
from zepad_app.app import App
from zepad_app.dialogs import shortcuts_dialog
from zepad_engine import messages
from zepad_engine.export_formats import FORMATS
from zepad_engine.places import logs_folder
from zepad_engine.plan import AuditPlan


def shortcuts(app: App) -> Counter[str]:
    actions = [key.toString() for action in app.window.findChildren(QAction) for key in action.shortcuts()]
    return Counter(actions + [found.key().toString() for found in app.window.findChildren(QShortcut)])


def test_the_menus_stand_in_the_usual_order(app: App) -> None:
    assert [action.text().replace("&", "") for action in app.window.menuBar().actions()] == [
        *("File", "Edit", "View", "Run", "Help"),
    ]


def test_no_shortcut_has_two_meanings(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    for name in ("drop", "plan", "running", "results", "inspect"):
        app.window.pages.page(name)
    found = shortcuts(app)
    assert {keys: count for keys, count in found.items() if keys and count > 1} == {}
    assert found["Ctrl+,"] == found["F1"] == found["F5"] == found["Ctrl+Z"] == found["F11"] == 1


def test_no_two_entries_of_a_menu_share_their_letter(app: App) -> None:
    for bar_action in app.window.menuBar().actions():
        menu = bar_action.menu()
        letters = Counter(
            action.text()[action.text().index("&") + 1].lower()
            for action in menu.actions()  # type: ignore[union-attr]
            if "&" in action.text()
        )
        assert {letter: count for letter, count in letters.items() if count > 1} == {}, bar_action.text()


def test_every_shortcut_is_on_the_list(app: App) -> None:
    dialog = shortcuts_dialog(app.window, app.window.commands)
    said = {label.text() for label in dialog.findChildren(QLabel)}
    assert {"Undo", "Ctrl+Z", "Preferences", "Ctrl+,", "ZePAD help", "F1"} <= said
    assert len(said) >= 2 * sum(bool(command.shortcut) for command in app.window.commands)
    assert {"Quit", "Export: Web page (.html)"} <= set(said)
    dialog.deleteLater()


def test_what_was_opened_is_recent_and_what_is_gone_is_grey(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    engine.be_ready()
    for name in ("kept.pth", "gone.pth"):
        (tmp_path / name).touch()
        app.window.open_files((tmp_path / name,))
        request = engine.sent[-1]
        assert isinstance(request, messages.Inspect)
        engine.say(said_inspected(request))
    (tmp_path / "gone.pth").unlink()
    run = store("a", finished=True)
    app.model.load_run(run)
    app.window.recent.refresh()
    rows = [(action.text().replace("&", ""), action.isEnabled()) for action in app.window.recent.actions()]
    assert rows[:3] == [("1  a", True), ("2  gone.pth (not there any more)", False), ("3  kept.pth", True)]
    sent = len(engine.sent)
    app.window.recent.actions()[2].trigger()
    assert len(engine.sent) > sent
    assert Path(engine.sent[-1].path).name == "kept.pth"  # type: ignore[union-attr]
    app.window.show_page("drop")
    app.window.recent.actions()[0].trigger()
    assert page_of(app) == "results"
    app.window.recent.actions()[-1].trigger()
    assert app.settings.recents == ()


def test_new_audit_begins_with_no_encoder(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.open_files((Path("/data/encoder.pth"),))
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    engine.say(said_inspected(request))
    app.window.actions_by_key["new"].trigger()
    assert app.model.state.inspected is None
    assert page_of(app) == "drop"


def test_text_grows_and_shrinks_within_its_sizes(app: App) -> None:
    larger, smaller = app.window.actions_by_key["larger"], app.window.actions_by_key["smaller"]
    sizes = []
    for action in (larger, larger, larger, smaller, smaller, smaller):
        action.trigger()
        sizes.append(app.theme.scale)
    assert sizes == [1.25, 1.5, 1.5, 1.25, 1.0, 1.0]


def test_files_on_the_clipboard_are_opened_and_pixels_are_not(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/data/encoder.pth")])
    QGuiApplication.clipboard().setMimeData(data)
    app.window.actions_by_key["paste"].trigger()
    assert isinstance(engine.sent[-1], messages.Inspect)


def test_copy_takes_what_has_the_focus(app: App, qtbot: QtBot) -> None:
    line = QLineEdit("sixteen", app.window)
    app.window.show()
    app.window.activateWindow()
    line.show()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    line.selectAll()
    app.window.actions_by_key["copy"].trigger()
    assert QGuiApplication.clipboard().text() == "sixteen"


def test_the_folder_of_logs_is_made_and_shown(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[QUrl] = []
    monkeypatch.setattr("zepad_app.deeds.QDesktopServices.openUrl", shown.append)
    app.window.actions_by_key["logs"].trigger()
    assert [Path(url.toLocalFile()) for url in shown] == [logs_folder()]
    assert logs_folder().is_dir()


def test_full_screen_and_back(app: App) -> None:
    app.window.show()
    for full in (True, False):
        app.window.actions_by_key["full"].trigger()
        assert app.window.isFullScreen() is full


def test_the_run_menu_says_what_can_be_done_now(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    pause, cancel = app.window.actions_by_key["pause"], app.window.actions_by_key["cancel"]
    assert (pause.isEnabled(), cancel.isEnabled()) == (False, False)
    run = app.model.start(AuditPlan())
    engine.say(fake_engine.started(run, Path("/data/run")))
    assert (pause.isEnabled(), cancel.isEnabled()) == (True, True)
    pause.trigger()
    assert engine.sent[-1] == messages.Pause(run=run)
    engine.say(messages.Paused(run=run, frozen=True))
    assert pause.text() == "&Resume the audit"
    pause.trigger()
    assert engine.sent[-1] == messages.Continue(run=run)


def test_the_export_menu_offers_every_form_and_asks_the_engine_for_it(
    app: App, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.be_ready()
    app.model.load_run(store("a", finished=True))
    asked: list[str] = []

    def choose(_parent: object, _title: str, name: str, _filter: str) -> tuple[str, str]:
        asked.append(Path(name).suffix)
        return str(tmp_path / Path(name).name), ""

    monkeypatch.setattr("zepad_app.deeds.QFileDialog.getSaveFileName", choose)
    for form in FORMATS:
        app.window.actions_by_key[form.key].trigger()
        sent = engine.sent[-1]
        assert isinstance(sent, messages.Export)
        assert (sent.format, asked[-1]) == (form.key, form.ending)
        engine.say(messages.Exported(request=sent.request, path=sent.destination))
    assert len(asked) == len(FORMATS) > 2
