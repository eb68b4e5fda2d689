"""Pause freezes the workers and the clock, Resume lets both go on, and the report is what it would have been."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.finished import without_staff
from tests.support.story_clicks import Mouse
from tests.support.story_shots import shoot
from zepad_app.app import App
from zepad_engine.findings import report_from_json
from zepad_engine.plan import AuditPlan

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="only Linux can freeze a worker")]

AUDIT_MS = 300_000
PAUSED_SECONDS = 3.0


def test_a_paused_audit_stands_still_and_ends_the_same(
    app: App, qtbot: QtBot, tiny_plan: AuditPlan, tiny_run: Path, tmp_path: Path
) -> None:
    mouse, folder = Mouse(qtbot), tmp_path / tiny_run.name
    page = app.window.pages.page("running")
    began = time.monotonic()
    app.model.start(tiny_plan, folder)
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=AUDIT_MS)
    mouse.click(page, "Pause the audit")
    qtbot.waitUntil(lambda: app.model.state.phase == "paused", timeout=30_000)
    assert app.model.state.frozen
    qtbot.wait(1000)  # what was on its way has come
    before, files = app.model.state, sorted(folder.rglob("*"))
    shoot(app, qtbot, "paused")
    qtbot.wait(int(1000 * PAUSED_SECONDS))
    assert (app.model.state, sorted(folder.rglob("*"))) == (before, files)
    assert app.window.windowTitle().endswith("paused - ZePAD")

    mouse.click(page, "Resume the audit")
    qtbot.waitUntil(lambda: app.model.state.phase in ("done", "failed"), timeout=AUDIT_MS)
    assert app.model.state.phase == "done", app.model.state.error
    assert without_staff(folder) == without_staff(tiny_run)
    told = report_from_json((folder / "report.json").read_bytes()).timings["wall"]
    assert told < time.monotonic() - began - PAUSED_SECONDS
