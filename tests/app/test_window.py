from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QCloseEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.sample_preflight import good, said_inspected
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.history import last_audit, recent_runs
from zepad_app.pages.drop import DropPage
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.running import RunningPage
from zepad_app.settings import Settings
from zepad_app.widgets.buttons import IconButton
from zepad_engine import messages
from zepad_engine.findings import report_to_json
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan, plan_to_json


def drop(app: App, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(300, 300),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    app.window.dropEvent(event)


def page_of(app: App) -> str:
    return app.window.pages.name_of(app.window.stack.currentWidget())


def store(name: str, *, finished: bool) -> Path:
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    (folder / "plan.json").write_bytes(plan_to_json(AuditPlan()))
    if finished:
        (folder / "report.json").write_bytes(report_to_json(sample_report()))
    return folder


@pytest.mark.parametrize("ending", [".pth", ".pt", ".ckpt", ".safetensors", ".tar", ".PTH"])
def test_a_dropped_encoder_is_inspected(app: App, engine: FakeEngine, ending: str) -> None:
    engine.be_ready()
    drop(app, Path(f"/data/encoder{ending}"))
    assert isinstance(engine.sent[-1], messages.Inspect)
    assert Path(engine.sent[-1].path).name == f"encoder{ending}"


def test_a_dropped_encoder_leads_to_its_plan_and_run(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    drop(app, Path("/data/encoder.pth"))
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    engine.say(said_inspected(request, good("mine")))
    assert (app.window.header.title, app.window.header.primary.text()) == ("mine", "Continue to plan")
    app.window.header.primary.click()
    assert page_of(app) == "plan"
    app.window.header.primary.click()
    sent = engine.sent[-1]
    assert isinstance(sent, messages.RunAudit)
    assert sent.plan.encoder == request.path
    assert page_of(app) == "running"


def test_a_bad_file_makes_a_notice_and_the_page_stays(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    drop(app, Path("/data/encoder.pth"))
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    engine.say(messages.Failed(request=request.request, code="encoder.unknown", sentence="Not known.", advice="Try."))
    page = app.window.pages.page("drop")
    assert isinstance(page, DropPage)
    assert page.notice.sentence == "Not known."
    assert not page.notice.isHidden()
    assert page_of(app) == "drop"
    assert not page.zone.isHidden()


def test_a_file_nobody_knows_makes_a_notice(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    drop(app, Path("/data/thesis.docx"))
    assert engine.sent == []
    assert "thesis.docx" in app.window.notice.sentence


def test_images_need_a_finished_audit_and_then_go_to_inspect(
    app: App, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.be_ready()
    drop(app, Path("/data/cat.png"))
    assert page_of(app) == "drop"
    assert "finished audit" in app.window.notice.sentence
    app.model.load_run(store("a", finished=True))
    assert page_of(app) == "results"
    shown: list[tuple[Path, ...]] = []
    monkeypatch.setattr(app.window.pages, "show_images", shown.append)
    drop(app, Path("/data/cat.png"), Path("/data/notes.txt"))
    assert page_of(app) == "inspect"
    assert shown == [(Path("/data/cat.png"),)]


def test_the_sample_audit_is_one_click(app: App, engine: FakeEngine) -> None:
    page = app.window.pages.page("drop")
    assert isinstance(page, DropPage)
    assert not page.sample._audit.isEnabled()
    assert page.sample.estimate == "The engine is starting…"
    engine.be_ready()
    assert "minute" in page.sample.estimate
    page.sample._audit.click()
    sent = engine.sent[-1]
    assert isinstance(sent, messages.RunAudit)
    assert sent.plan.preset == "quick"
    assert {choice.key: dict(choice.values) for choice in sent.plan.attacks}["advencoder_per"] == {"steps": 90}
    assert page_of(app) == "running"


def test_recent_runs_tell_finished_from_resumable(app: App, engine: FakeEngine) -> None:
    finished, stopped = store("a", finished=True), store("b", finished=False)
    (runs_folder() / "empty").mkdir()
    (runs_folder() / "broken").mkdir()
    (runs_folder() / "broken" / "plan.json").write_text("{")
    found = {run.folder: run.state for run in recent_runs()}
    assert found == {finished: "finished", stopped: "can be resumed"}
    report = sample_report()
    past = last_audit()
    assert past is not None
    assert (past.plan, past.timings) == (AuditPlan(), report.timings)


def test_cancel_and_resume_from_the_header(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    folder = app.model.state.run_folder
    assert folder is not None
    engine.say(fake_engine.started(run, folder))
    assert app.window.header.quiet.text() == "Cancel"
    app.window.header.quiet.click()
    assert engine.sent[-1] == messages.Cancel(run=run)
    assert not app.window.header.quiet.isEnabled()
    engine.say(messages.Cancelled(run=run, folder=str(folder)))
    folder.mkdir(parents=True)
    (folder / "plan.json").write_bytes(plan_to_json(AuditPlan()))
    assert app.window.header.primary.text() == "Resume"
    app.window.header.primary.click()
    assert engine.sent[-1] == messages.RunAudit(run=run, plan=AuditPlan(), folder=str(folder))
    assert app.model.state.phase == "running"


def test_a_finished_audit_is_shown(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    folder = store("z", finished=True)
    engine.say(messages.Finished(run=run, report=str(folder / "report.json")))
    assert page_of(app) == "results"
    assert app.window.actions_by_key["html"].isEnabled()


def test_the_status_strip_is_true(app: App, engine: FakeEngine) -> None:
    assert "starting" in app.window.strip.text
    engine.be_ready()
    assert app.window.strip.text == "Engine ready · CPU, 2 cores, bf16 · 2 workers · Nothing running"
    run = app.model.start(AuditPlan())
    engine.say(fake_engine.started(run, Path("/tmp/x")), fake_engine.progressed(run, "tune", 0.5, 0.4, 9))
    assert "1 audit running · 40 %" in app.window.strip.text
    engine.stopped.emit()
    assert "stopped" in app.window.strip.text


def test_closing_asks_only_while_an_audit_runs(app: App, engine: FakeEngine) -> None:
    asked: list[QWidget] = []

    def refuse(window: QWidget) -> bool:
        asked.append(window)
        return False

    app.window.confirm_close = refuse
    event = QCloseEvent()
    app.window.closeEvent(event)
    assert event.isAccepted()
    engine.be_ready()
    app.model.start(AuditPlan())
    event = QCloseEvent()
    app.window.closeEvent(event)
    assert not event.isAccepted()
    assert len(asked) == 1
    app.window.confirm_close = lambda _window: True


def test_the_look_is_remembered(app: App, engine: FakeEngine) -> None:
    app.window.actions_by_key["dark"].trigger()
    assert app.theme.dark
    assert Settings().scheme == "dark"
    app.window.deeds.choose_scale(1.5)
    assert Settings().text_scale == 1.5
    assert app.theme.pixels("body") == 21
    app.theme.set_scale(1.0)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_every_page_fits_a_small_window(app: App, engine: FakeEngine, qtbot: QtBot, scale: float) -> None:
    engine.be_ready()
    app.theme.set_scale(scale)
    app.window.pages.edit_plan(AuditPlan())
    app.window.resize(1024, 700)
    app.window.show()
    for name in ("drop", "plan", "running"):
        app.window.show_page(name)
        qtbot.wait(60)
        assert app.window.width() == 1024, name
        assert app.window.height() == 700, name
    app.theme.set_scale(1.0)


def test_every_control_has_a_name(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    for name in ("drop", "plan", "running"):
        app.window.pages.page(name)
    for kind in (QAbstractButton, QComboBox, IconButton):
        for widget in app.window.findChildren(kind):
            if widget.objectName().startswith("qt_"):  # a part of a Qt widget, not a control of ours
                continue
            named = widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
            assert named or isinstance(widget.parent(), QLineEdit | QComboBox) or widget.isHidden(), widget


def test_plan_troubles_stand_beside_their_field(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    app.window.show_page("plan")
    page = app.window.pages.page("plan")
    assert isinstance(page, PlanPage)
    assert app.window.header.primary.isEnabled()
    rows = page.sections["defence"].rows
    rows["tuning.epochs"].control.setValue(0)  # type: ignore[attr-defined]
    assert rows["tuning.epochs"].trouble == "Epochs of tuning must lie between 1 and 1000; it is 0."
    assert rows["tuning.images"].trouble == ""
    assert not app.window.header.primary.isEnabled()
    sent = len(engine.sent)
    page.act()
    assert len(engine.sent) == sent
    rows["tuning.epochs"].control.setValue(3)  # type: ignore[attr-defined]
    assert page.plan.tuning.epochs == 3
    assert app.window.header.primary.isEnabled()


def test_attacks_and_tasks_edit_the_plan(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    page = app.window.pages.page("plan")
    assert isinstance(page, PlanPage)
    attacks = page.sections["attacks"]
    for card in attacks.cards.values():  # type: ignore[attr-defined]
        card.tick.setChecked(card.key == "l4a_base")
    assert [choice.key for choice in page.plan.attacks] == ["l4a_base"]
    attacks.cards["l4a_base"].form.control("steps").setValue(50)  # type: ignore[attr-defined]
    assert page.plan.attacks[0].values == {"steps": 50}
    page.sections["data"].tasks.box("sample:emoji").setChecked(False)  # type: ignore[attr-defined]
    assert "sample:emoji" not in page.plan.tasks
    assert attacks.summary == "PAP L4A-base"


def test_presets_and_mode_change_the_plan_and_the_estimate(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    page = app.window.pages.page("plan")
    assert isinstance(page, PlanPage)
    before = page.estimate.text()
    page.head.presets.choose("quick")
    assert page.plan.tuning.epochs == 6
    assert page.estimate.text() != before
    page.head.mode.choose("official")
    assert page.plan.mode == "official"
    assert page.plan.switches.no_clamp


def test_the_live_view_follows_first_signs_only_and_yields_to_the_user(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    page = app.window.pages.page("running")
    assert isinstance(page, RunningPage)
    engine.say(fake_engine.started(run, Path("/tmp/x")), fake_engine.crafting_points(run))
    assert page.live.view == "crafting"
    engine.say(fake_engine.tuning_points(run, 10))
    assert page.live.view == "tuning"
    engine.say(fake_engine.crafting_points(run))
    assert page.live.view == "tuning"
    page.live.views.choose("crafting")
    engine.say(messages.Found(run=run, cells=fake_engine.cells()))
    assert page.live.view == "crafting"
    assert page.live.crafting.keys == ("craft_advencoder_per/info_nce", "craft_l4a_base/activation")
    assert page.live.cells.item(0, 0).text() == "74.0 % ±3.0"
