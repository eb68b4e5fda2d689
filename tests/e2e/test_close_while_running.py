"""Closing while an audit runs, paused or not, asks once; nothing is left behind, and the folder can be resumed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.e2e.test_engine_crash import children
from tests.support.story_clicks import Mouse
from zepad_app.app import App
from zepad_app.history import read_run
from zepad_engine.plan import AuditPlan

pytestmark = pytest.mark.slow


def test_close_asks_once_and_leaves_no_process(app: App, qtbot: QtBot, tiny_plan: AuditPlan, tmp_path: Path) -> None:
    asked: list[object] = []
    folder = tmp_path / "run"
    app.model.start(tiny_plan, folder)
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=300_000)
    Mouse(qtbot).click(app.window.pages.page("running"), "Pause the audit")
    qtbot.waitUntil(lambda: app.model.state.phase == "paused", timeout=30_000)

    app.window.confirm_close = lambda window: bool(asked.append(window))
    assert not app.window.close()
    assert (len(asked), app.window.isVisible(), app.model.state.phase) == (1, True, "paused")
    app.window.confirm_close = lambda window: not asked.append(window)
    processes = {app.engine.process_id, *children(app.engine.process_id)}
    assert app.window.close()
    assert len(asked) == 2
    app.engine.close()
    qtbot.waitUntil(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes), timeout=30_000)
    run = read_run(folder)
    assert run is not None
    assert run.state == "can be resumed"
    assert not list(folder.rglob("report.json"))
