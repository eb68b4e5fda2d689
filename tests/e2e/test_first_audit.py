"""A newcomer's first audit in the real window with the real engine: start page, plan, run, results, and a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.support.story_clicks import Mouse, texts
from zepad_app.app import App
from zepad_app.plan_files import write_plan
from zepad_engine.findings import report_from_json
from zepad_engine.plan import AuditPlan, plan_from_json

pytestmark = pytest.mark.slow

AUDIT_MS = 300_000


def test_one_click_starts_the_sample_audit(app: App, qtbot: QtBot) -> None:
    mouse = Mouse(qtbot)
    mouse.click(app.window.pages.page("drop"), "Audit the sample encoder")
    assert mouse.clicks <= 3
    assert app.model.state.phase == "running"
    assert app.window.stack.currentWidget() is app.window.pages.page("running")
    # It really runs: its first stage begins, and the task bar tells.
    qtbot.waitUntil(lambda: any(stage.status != "waiting" for stage in app.model.state.stages), timeout=AUDIT_MS)
    qtbot.waitUntil(lambda: app.window.windowTitle().endswith(" % - ZePAD"), timeout=30_000)
    mouse.click(app.window.header, "Cancel")
    qtbot.waitUntil(lambda: app.model.state.phase == "cancelled", timeout=30_000)


def test_a_plan_is_loaded_run_and_its_pictures_inspected(
    app: App, qtbot: QtBot, tiny_plan: AuditPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mouse, window = Mouse(qtbot), app.window
    drop, plan_page = window.pages.page("drop"), window.pages.page("plan")
    mouse.click(drop, "Plan the sample audit")
    assert window.stack.currentWidget() is plan_page
    file = write_plan(tiny_plan, tmp_path / "tiny.json")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    window.actions_by_key["load_plan"].trigger()
    assert plan_page.plan == tiny_plan  # type: ignore[attr-defined]
    mouse.click(window.header, "Run")
    qtbot.waitUntil(lambda: app.model.state.phase in ("done", "failed"), timeout=AUDIT_MS)
    assert app.model.state.phase == "done", app.model.state.error

    folder = app.model.state.folder
    assert folder is not None
    report = report_from_json((folder / "report.json").read_bytes())
    assert plan_from_json((folder / "plan.json").read_bytes()) == tiny_plan
    assert report.summary.verdict
    results = window.pages.page("results")
    assert window.stack.currentWidget() is results
    assert window.notice.sentence.startswith("The audit is finished after ")
    log = window.pages.page("running").log  # type: ignore[attr-defined]
    assert str(log.lines[-1]).endswith("Finished; the report is stored")
    curves = app.model.curves
    assert len(curves["tuned_victim/gradient_norm"]) == len(curves["tuned_victim/total"])
    strips = [shown for shown in app.model.state.previews if shown.key.startswith("on_")]
    assert strips
    assert all(Path(shown.path).is_file() and "clean, perturbed, difference ×" in shown.caption for shown in strips)

    # From the start page one click leads to an inspected picture, once there is a finished audit.
    window.actions_by_key["new"].trigger()
    before = mouse.clicks
    with qtbot.waitSignal(app.model.judged, timeout=120_000) as answered:
        mouse.click(drop, "Inspect test images of the newest audit")
    assert mouse.clicks - before <= 3
    assert window.stack.currentWidget() is window.pages.page("inspect")
    judged = answered.args[0]
    assert [branch.branch for branch in judged.branches] == ["tuned_victim", "tuned_auxiliary", "benign"]
    assert report.subject.name in texts(window.header)
