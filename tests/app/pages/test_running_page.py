"""The run page: pause and its words, the log, which trainings are watched, and the call when an audit has ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.pages.running import RunningPage
from zepad_app.trainings import groups_of
from zepad_engine import messages
from zepad_engine.findings import report_to_json
from zepad_engine.plan import AuditPlan


@pytest.fixture
def run(app: App, engine: FakeEngine) -> str:
    engine.be_ready()
    name = app.model.start(AuditPlan())
    engine.say(fake_engine.started(name, Path("/tmp/x")))
    return name


def page_of(app: App) -> RunningPage:
    page = app.window.pages.page("running")
    assert isinstance(page, RunningPage)
    return page


def test_pause_and_resume_by_one_button(app: App, engine: FakeEngine, run: str, qtbot: QtBot) -> None:
    page = page_of(app)
    engine.say(fake_engine.progressed(run, "tune", 0.5, 0.45, 60))
    assert page.hold.text() == "Pause"
    qtbot.mouseClick(page.hold, Qt.MouseButton.LeftButton)
    assert engine.sent[-1] == messages.Pause(run=run)
    engine.say(messages.Paused(run=run, frozen=True))
    assert (page.hold.text(), page.heading.detail, page.heading.action) == ("Resume", "Audit paused", "Cancel")
    assert page._left.text() == "Paused after 1 min 36 s"
    assert page._keeps.text().startswith("Nothing computes.")
    assert app.window.windowTitle() == "45 %, paused - ZePAD"
    assert app.window.actions_by_key["cancel"].isEnabled()
    qtbot.mouseClick(page.hold, Qt.MouseButton.LeftButton)
    assert engine.sent[-1] == messages.Continue(run=run)
    engine.say(messages.Continued(run=run))
    assert (page.hold.text(), app.window.windowTitle()) == ("Pause", "45 % - ZePAD")
    engine.say(messages.Paused(run=run, frozen=False))
    assert page._keeps.text() == "Jobs that run now end first; no other begins."
    engine.say(messages.Cancelled(run=run, folder=""))
    assert page.hold.isHidden()
    assert app.window.windowTitle() == "ZePAD"


def test_the_log_tells_filters_and_is_copied(app: App, engine: FakeEngine, run: str, qtbot: QtBot) -> None:
    view = page_of(app).live.log
    engine.say(
        fake_engine.progressed(run, "craft", 0.5, 0.1, 5, "step 40"),
        fake_engine.progressed(run, "craft", 0.5, 0.1, 5, "other, step 3"),
        fake_engine.progressed(run, "craft", 0.6, 0.1, 6, "step 40"),
        fake_engine.progressed(run, "craft", 1.0, 0.2, 72),
        messages.Paused(run=run, frozen=True),
        messages.Found(run=run, cells=fake_engine.cells()),
        messages.Failed(request=run, code="disk.full", sentence="The disk is full.", advice="Make room."),
    )
    said = [line.partition("  ")[2] for line in view.text.splitlines()]
    assert said == [
        "Started in /tmp/x",
        "Craft perturbations: begins",
        "Craft perturbations: step 40",
        "Craft perturbations: other, step 3",
        "Craft perturbations: done in 1 min 12 s",
        "Paused after 43 s; running jobs stand still",
        "8 results of emoji",
        "Failed: The disk is full. Make room.",
    ]
    view.filter.setText("CRAFT done")
    assert view.text.endswith("done in 1 min 12 s")
    assert len(view.text.splitlines()) == 1
    qtbot.mouseClick(view.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == view.text
    # Another run begins a log of its own.
    view.filter.clear()
    app.model.start(AuditPlan())
    assert view.text == ""


def test_rivals_are_watched_by_themselves(app: App, engine: FakeEngine, run: str) -> None:
    live = page_of(app).live
    assert live.watched.isHidden()
    assert [series.key for series in live.gradients.series] == [
        f"{branch}/gradient_norm" for branch in ("tuned_victim", "tuned_auxiliary", "benign")
    ]
    point = ((0.0, 1.0),)
    engine.say(messages.Measured(run=run, points={"trades_victim/total": point, "purifier/feature_loss": point}))
    engine.say(messages.Measured(run=run, points={"craft_l4a_base/activation": point}))
    assert not live.watched.isHidden()
    assert [live.watched.itemText(place) for place in range(live.watched.count())] == [
        "ZePAD's three branches",
        "TRADES",
        "Purifier",
    ]
    live.watched.choose("trades_victim")
    assert [series.key for series in live.losses.series] == ["trades_victim/total"]
    live.watched.choose("purifier")
    assert [series.key for series in live.losses.series] == ["purifier/feature_loss", "purifier/pixel_loss"]
    # The choice stays when more is measured.
    engine.say(messages.Measured(run=run, points={"mart_victim/total": point}))
    assert live.watched.key == "purifier"


def test_a_training_nobody_knows_is_named_all_the_same() -> None:
    assert [group.name for group in groups_of(["new_victim/total", "craft_x/total"])][1:] == ["New victim"]


def test_the_end_of_an_audit_calls_for_attention(
    app: App, engine: FakeEngine, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr(QApplication, "alert", lambda window, *_: called.append(window))
    monkeypatch.setattr(app.window, "isActiveWindow", lambda: False)
    engine.say(fake_engine.progressed(run, "tune", 0.5, 0.45, 60))
    path = Path("/tmp/x") / "report.json"
    stored = tmp_path / "report.json"
    stored.write_bytes(report_to_json(sample_report()))
    monkeypatch.setattr(Path, "read_bytes", lambda self, real=Path.read_bytes: real(stored if self == path else self))
    engine.say(messages.Finished(run=run, report=str(path)))
    assert called == [app.window]
    assert app.window.notice.sentence == "The audit is finished after 1 min 36 s."
    assert app.window.windowTitle() == "ZePAD"
    # A report opened from disk is no audit that has ended.
    app.model.load_run(tmp_path)
    assert len(called) == 1
