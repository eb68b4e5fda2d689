"""Cancel answers at once and loses nothing; resuming goes on from the last finished job, to the same report."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.finished import without_staff
from tests.support.story_clicks import Mouse
from zepad_app.app import App
from zepad_engine.plan import AuditPlan

pytestmark = pytest.mark.slow

AUDIT_MS = 300_000


def test_cancel_keeps_what_is_done_and_resume_ends_as_if_nothing_had_been(
    app: App, qtbot: QtBot, tiny_plan: AuditPlan, tiny_run: Path, tmp_path: Path
) -> None:
    mouse, folder = Mouse(qtbot), tmp_path / tiny_run.name
    app.model.start(tiny_plan, folder)
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=AUDIT_MS)
    engine = app.engine.process_id
    mouse.click(app.window.header, "Cancel")
    qtbot.waitUntil(lambda: app.model.state.phase == "cancelled", timeout=30_000)
    # It answered itself: nobody had to kill it.
    assert app.engine.process_id == engine
    kept = {path.name: path.read_bytes() for path in (folder / "jobs").glob("*.json")}
    assert "open_victim.json" in kept
    assert not (folder / "report.json").exists()

    mouse.click(app.window.header, "Resume")
    qtbot.waitUntil(lambda: app.model.state.phase in ("done", "failed"), timeout=AUDIT_MS)
    assert app.model.state.phase == "done", app.model.state.error
    assert all((folder / "jobs" / name).read_bytes() == content for name, content in kept.items())
    assert without_staff(folder) == without_staff(tiny_run)
