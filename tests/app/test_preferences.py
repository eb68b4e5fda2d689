from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine, ready
from zepad_app.app import App, build
from zepad_app.preferences import KEYS, Preferences, folder_trouble, read_preferences
from zepad_app.preferences_dialog import PreferencesDialog
from zepad_app.settings import Settings
from zepad_engine.places import cache_folder, runs_folder, settings_folder
from zepad_engine.plan import AuditPlan


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ZEPAD_RUNS", "ZEPAD_CACHE"):
        monkeypatch.setenv(name, "")


@pytest.fixture
def dialog(app: App, qtbot: QtBot) -> PreferencesDialog:
    return PreferencesDialog(app.window, app.settings, ready(), busy=False)


def write_settings(**values: str) -> None:
    store = QSettings(str(settings_folder() / "window.ini"), QSettings.Format.IniFormat)
    for key, value in values.items():
        store.setValue(KEYS[key], value)
    store.sync()


BAD = {
    "scheme": "pink",
    "text_scale": "9",
    "reduced_motion": "perhaps",
    "device": "toaster",
    "arithmetic": "wrong",
    "workers": "-3",
    "threads": "0",
    "runs_folder": "relative/place",
    "cache_folder": "relative/place",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_bad_value_costs_only_itself(key: str) -> None:
    stored = {KEYS["scheme"]: "dark", KEYS["workers"]: "3", KEYS["text_scale"]: "1.25", KEYS[key]: BAD[key]}
    found, dropped = read_preferences(stored)
    assert dropped == (KEYS[key],)
    assert getattr(found, key) == getattr(Preferences(), key)
    others = {"scheme": "dark", "workers": 3, "text_scale": 1.25}
    assert {name: getattr(found, name) for name in others if name != key} == {
        name: value for name, value in others.items() if name != key
    }


def test_the_window_opens_with_bad_settings_and_names_them(qtbot: QtBot) -> None:
    write_settings(text_scale="huge", scheme="dark", device="toaster")
    made = build(FakeEngine())
    qtbot.addWidget(made.window)
    assert made.theme.dark
    assert made.theme.scale == 1.0
    assert "look/text_scale, run/device" in made.window.notice.sentence
    assert not made.window.notice.isHidden()


def test_the_window_opens_with_a_settings_file_that_is_none(qtbot: QtBot) -> None:
    settings_folder().mkdir(parents=True)
    (settings_folder() / "window.ini").write_bytes(bytes(range(256)) * 40)
    made = build(FakeEngine())
    qtbot.addWidget(made.window)
    assert made.settings.preferences == Preferences()


def test_preferences_are_kept_and_reset() -> None:
    wanted = Preferences(
        scheme="dark",
        text_scale=1.25,
        reduced_motion=True,
        device="cuda:1",
        arithmetic="exact",
        workers=3,
        threads=2,
        runs_folder="/data/runs",
        cache_folder="/data/cache",
    )
    settings = Settings()
    settings.prefer(**{name: getattr(wanted, name) for name in KEYS})
    assert Settings().preferences == wanted
    assert Settings().dropped == ()
    settings.reset_preferences()
    assert Settings().preferences == Preferences()


def test_new_plans_start_with_what_is_preferred() -> None:
    plan = Preferences(device="cpu", arithmetic="exact", workers=3, threads=2).into(AuditPlan(seed=7))
    assert (plan.device, plan.arithmetic, plan.workers, plan.threads, plan.seed) == ("cpu", "exact", 3, 2, 7)


def test_a_new_audit_of_the_window_carries_them(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.settings.prefer(workers=2, arithmetic="exact")
    page = app.window.pages.page("drop")
    page.sample._audit.click()  # type: ignore[attr-defined]
    plan = engine.sent[-1].plan  # type: ignore[union-attr]
    assert (plan.workers, plan.arithmetic) == (2, "exact")


def test_every_change_applies_at_once(app: App, dialog: PreferencesDialog) -> None:
    dialog.scheme.choose("dark")
    dialog.text_scale.choose("1.5")
    dialog.workers.setValue(4)
    dialog.motion.setChecked(True)
    assert (app.theme.dark, app.theme.scale, app.theme.reduced_motion) == (True, 1.5, True)
    assert Settings().preferences == Preferences(scheme="dark", text_scale=1.5, workers=4, reduced_motion=True)
    dialog.reset.click()
    assert (app.theme.scheme, app.theme.scale, app.theme.reduced_motion) == ("system", 1.0, False)
    assert (dialog.workers.value(), dialog.scheme.key) == (0, "system")
    app.window.deeds.choose_scheme("light")
    assert dialog.scheme.key == "light"


def test_folders_are_moved_at_once_and_back(app: App, dialog: PreferencesDialog, tmp_path: Path) -> None:
    before = runs_folder()
    dialog.runs._line.setText(str(tmp_path / "audits"))
    dialog.runs._on_edited()
    dialog.cache._line.setText(str(tmp_path / "scratch"))
    dialog.cache._on_edited()
    assert (runs_folder(), cache_folder()) == (tmp_path / "audits", tmp_path / "scratch")
    # Processes started from here are told as well.
    assert os.environ["ZEPAD_CACHE"] == str(tmp_path / "scratch")
    dialog.runs._line.setText("somewhere")
    dialog.runs._on_edited()
    assert "whole path" in dialog._folder_rows["runs_folder"].trouble
    assert runs_folder() == tmp_path / "audits"
    dialog.reset.click()
    assert runs_folder() == before


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    assert "file where the folder" in folder_trouble(str(tmp_path / "notes" / "runs"))
    assert folder_trouble(str(tmp_path / "new")) == folder_trouble("") == ""


def test_clearing_the_cache_removes_what_is_ours_and_nothing_else(
    app: App, dialog: PreferencesDialog, qtbot: QtBot
) -> None:
    for name in ("decoded/a.bin", "features/deep/b.bin", "mine/precious.txt"):
        path = cache_folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    (cache_folder() / "decoded" / "link").symlink_to(cache_folder() / "mine")
    dialog._measure()
    qtbot.waitUntil(lambda: dialog.cache_size.text().startswith("3 kB"))
    dialog.clear_cache.click()
    qtbot.waitUntil(lambda: "freed" in dialog.clear_cache.text())
    assert dialog.clear_cache.text() == "2 kB freed"
    assert [path.name for path in sorted(cache_folder().rglob("*"))] == ["mine", "precious.txt"]


def test_a_search_leaves_what_it_names(dialog: PreferencesDialog) -> None:
    dialog.search.setText("arithm")
    assert not dialog.arithmetic.parentWidget().isHidden()  # type: ignore[union-attr]
    assert dialog.workers.parentWidget().isHidden()  # type: ignore[union-attr]
    assert [card.isHidden() for card, _ in dialog._groups] == [True, False, True, True]
    dialog.search.setText("")
    assert not any(card.isHidden() for card, _ in dialog._groups)


def test_recents_are_cleared(app: App, dialog: PreferencesDialog, tmp_path: Path) -> None:
    app.settings.remember(tmp_path)
    dialog.clear_recents.click()
    assert Settings().recents == ()
