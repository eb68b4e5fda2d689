"""The whole story in the real window with the real engine process."""

from __future__ import annotations

import os
import signal
import time

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from tests.support.story_shots import shoot
from zepad_app.results.headline import headline_of
from zepad_engine.findings import report_from_json
from zepad_engine.plan import AuditPlan, BenignTraining, Choice, HeadTraining, Tuning

pytestmark = pytest.mark.slow

READY_MS = 120_000
SAMPLE_MS = 900_000


def button(parent: QWidget, text: str) -> QPushButton:
    return next(found for found in parent.findChildren(QPushButton) if found.text() == text and found.isVisible())


def texts(parent: QWidget) -> str:
    return " | ".join(label.text() for label in parent.findChildren(QLabel))


def tiny_plan() -> AuditPlan:
    return AuditPlan(
        tasks=("sample:signs",),
        attacks=(Choice(key="advencoder_per", values={"steps": 6, "latents": 4}), Choice(key="sign_noise")),
        tuning=Tuning(images=256, epochs=3, steps=4, validation_images=32),
        benign=BenignTraining(images=128, epochs=1),
        heads=HeadTraining(train_images=128, test_images=64, epochs=3),
        surrogate_images=64,
    )


def test_one_click_audits_the_sample_and_the_report_is_exported(app, qtbot, tmp_path):
    drop = app.window.pages.page("drop")
    shoot(app, qtbot, "drop")
    qtbot.mouseClick(button(drop.sample, "Change the plan"), Qt.MouseButton.LeftButton)
    shoot(app, qtbot, "plan")
    app.window.show_page("drop")

    qtbot.mouseClick(button(drop.sample, "Audit"), Qt.MouseButton.LeftButton)
    assert app.model.state.phase == "running"
    qtbot.waitUntil(lambda: len(app.model.curves.get("tuned_victim/total", [])) > 60, timeout=SAMPLE_MS)
    shoot(app, qtbot, "running")
    qtbot.waitUntil(lambda: app.model.state.phase in ("done", "failed"), timeout=SAMPLE_MS)
    assert app.model.state.phase == "done", app.model.state

    folder = app.model.state.folder
    report = report_from_json((folder / "report.json").read_bytes())
    unseen = {
        (row.defence, row.attack): row for row in report.averages if row.unseen and set(row.tasks).isdisjoint({"emoji"})
    }
    undefended = unseen["undefended", "advencoder_per"]
    assert undefended.ba.value - undefended.ra.value > 0.2
    assert unseen["zepad", "advencoder_per"].ra.value - undefended.ra.value > 0.15
    results = app.window.pages.page("results")
    assert app.window.stack.currentWidget() is results
    assert headline_of(report).sentence in texts(results)
    shoot(app, qtbot, "results")
    for name in ("Matrix", "Budget", "Detection", "Branches", "Attacks", "Training", "Examples"):
        results.open_tab(name)
        shoot(app, qtbot, name.lower())

    for kind in ("html", "json"):
        target = tmp_path / f"report.{kind}"
        with qtbot.waitSignal(app.model.exported, timeout=30_000):
            app.model.export(kind, target)
        assert report.summary.verdict.split(".")[0] in target.read_text()
    assert report_from_json((tmp_path / "report.json").read_bytes()) == report

    app.window.show_page("inspect")
    inspect = app.window.pages.page("inspect")
    inspect.gallery.task.setCurrentIndex(inspect.gallery.task.findData("satellite"))
    with qtbot.waitSignal(app.model.judged, timeout=60_000):
        qtbot.mouseClick(button(inspect, "Browse test images"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(app.model.judged, timeout=60_000) as answered:
        inspect.attack.toggle()
    judged = answered.args[0]
    assert (judged.subject.attack, judged.subject.epsilon_255) == ("advencoder_per", 10.0)
    assert [branch.branch for branch in judged.branches] == ["tuned_victim", "tuned_auxiliary", "benign"]
    assert sum(branch.weight for branch in judged.branches) == pytest.approx(1.0)
    assert judged.flagged == (judged.score > judged.threshold)
    assert all((folder / name).is_file() for name in (judged.shown, judged.perturbed, judged.residual))
    qtbot.wait(600)
    shoot(app, qtbot, "inspect")


@pytest.mark.alone
def test_cancel_answers_within_a_second_and_a_killed_engine_loses_nothing(app, qtbot, tmp_path):
    plan, folder = tiny_plan(), tmp_path / "run"
    app.model.start(plan, folder)
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=READY_MS)
    asked = time.monotonic()
    app.model.cancel()
    qtbot.waitUntil(lambda: app.model.state.phase == "cancelled", timeout=3000)
    assert time.monotonic() - asked < 1.0
    kept = {path.name: path.read_bytes() for path in (folder / "jobs").glob("*.json")}
    assert "open_victim.json" in kept

    app.model.resume(folder)
    qtbot.waitUntil(lambda: bool(app.model.curves.get("tuned_victim/total")), timeout=READY_MS)
    os.kill(app.engine.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: app.model.state.phase == "failed", timeout=10_000)

    qtbot.waitUntil(lambda: app.model.state.engine == "ready", timeout=READY_MS)
    app.model.resume(folder)
    qtbot.waitUntil(lambda: app.model.state.phase in ("done", "failed"), timeout=SAMPLE_MS)
    assert app.model.state.phase == "done", app.model.state
    assert all((folder / "jobs" / name).read_bytes() == content for name, content in kept.items())
    report = report_from_json((folder / "report.json").read_bytes())
    assert {cell.task for cell in report.cells} == {"signs"}
    assert msgspec.structs.replace(report.plan, tasks=plan.tasks) == plan
