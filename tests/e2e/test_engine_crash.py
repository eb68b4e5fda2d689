"""The engine dies in the middle of a paused audit: it is told, no worker is left, and another one goes on with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.story_clicks import Mouse
from zepad_app.app import App
from zepad_engine.plan import AuditPlan

pytestmark = pytest.mark.slow

AUDIT_MS = 300_000


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for path in tasks for child in path.read_text().split()}


def test_a_killed_engine_is_told_and_its_audit_resumed(
    app: App, qtbot: QtBot, tiny_plan: AuditPlan, tmp_path: Path
) -> None:
    mouse, folder = Mouse(qtbot), tmp_path / "run"
    page = app.window.pages.page("running")
    app.model.start(tiny_plan, folder)
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=AUDIT_MS)
    mouse.click(page, "Pause the audit")
    qtbot.waitUntil(lambda: app.model.state.phase == "paused", timeout=30_000)
    workers = children(app.engine.process_id)
    assert workers
    os.kill(app.engine.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: app.model.state.phase == "failed", timeout=30_000)
    assert page.notice.sentence == "The engine stopped unexpectedly."  # type: ignore[attr-defined]
    assert "Failed: The engine stopped unexpectedly." in page.live.log.text  # type: ignore[attr-defined]
    # Frozen workers do not outlive it.
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        qtbot.wait(50)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]

    # Another engine takes its place, and the audit goes on after the jobs that were done.
    qtbot.waitUntil(lambda: app.model.state.engine == "ready", timeout=120_000)
    kept = {path.name for path in (folder / "jobs").glob("*.json")}
    mouse.click(app.window.header, "Resume")
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=AUDIT_MS)
    opening = next(stage for stage in app.model.state.stages if stage.key == "open")
    assert {"open_victim.json", "open_auxiliary.json"} <= kept
    assert (opening.status, opening.note) == ("done", "kept from before")
    mouse.click(app.window.header, "Cancel")
    qtbot.waitUntil(lambda: app.model.state.phase == "cancelled", timeout=30_000)
