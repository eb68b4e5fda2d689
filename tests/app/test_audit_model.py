from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.sample_preflight import good, preflight_card
from tests.support.sample_report import sample_report
from zepad_app.audit_model import AuditModel
from zepad_engine import messages
from zepad_engine.findings import report_to_json
from zepad_engine.plan import AuditPlan, plan_to_json
from zepad_engine.questions import JudgeImage, Subject


def begin(model: AuditModel, engine: FakeEngine) -> str:
    run = model.start(AuditPlan())
    folder = model.state.run_folder
    assert folder is not None
    engine.say(fake_engine.started(run, folder))
    return run


def test_requests_wait_until_the_engine_is_ready(model: AuditModel, engine: FakeEngine) -> None:
    model.inspect("a.pth")
    assert engine.sent == []
    assert model.state.phase == "starting"
    engine.be_ready()
    assert [type(request) for request in engine.sent] == [messages.Inspect]
    assert model.state.phase == "ready"


def test_inspected_card_is_folded(ready_model: AuditModel, engine: FakeEngine, qtbot: QtBot) -> None:
    request = ready_model.inspect("a.pth")
    assert ready_model.state.inspecting == "a.pth"
    with qtbot.waitSignal(ready_model.inspected):
        engine.say(messages.Inspected(request=request, path="a.pth", preflight=good()))
    assert ready_model.state.inspected is not None
    assert ready_model.state.inspected.card == preflight_card()
    assert ready_model.state.inspecting == ""


def test_the_curve_of_a_job_that_runs_again_starts_over(ready_model: AuditModel, engine: FakeEngine) -> None:
    run = begin(ready_model, engine)
    for points in (((0.0, 1.0), (1.0, 0.9), (2.0, 0.8)), ((3.0, 0.7),), ((0.0, 5.0), (1.0, 4.0)), ((2.0, 3.0),)):
        engine.say(messages.Measured(run=run, points={"tuned_victim/total": points}))
    assert ready_model.curves["tuned_victim/total"] == [(0.0, 5.0), (1.0, 4.0), (2.0, 3.0)]


def test_an_audit_from_start_to_report(
    ready_model: AuditModel, engine: FakeEngine, tmp_path: Path, qtbot: QtBot
) -> None:
    model = ready_model
    run = begin(model, engine)
    assert model.state.phase == "running"
    engine.say(
        fake_engine.progressed(run, "open", 1.0, 0.02, 3),
        fake_engine.progressed(run, "tune", 0.5, 0.4, 30, "epoch 2"),
        fake_engine.tuning_points(run, 40),
        messages.Found(run=run, cells=fake_engine.cells()),
    )
    stages = {stage.key: stage for stage in model.state.stages}
    assert [stages[key].status for key in ("open", "craft", "tune")] == ["done", "waiting", "current"]
    assert model.state.done == pytest.approx(0.4)
    assert len(model.curves["tuned_victim/total"]) == 40
    assert len(model.state.cells) == 8
    path = tmp_path / "report.json"
    path.write_bytes(report_to_json(sample_report()))
    with qtbot.waitSignal(model.finished) as told:
        engine.say(messages.Finished(run=run, report=str(path)))
    assert told.args == [sample_report(), tmp_path]
    assert model.state.phase == "done"
    assert {stage.status for stage in model.state.stages} == {"done"}


def test_a_cell_measured_again_replaces_the_old_one(ready_model: AuditModel, engine: FakeEngine) -> None:
    run = begin(ready_model, engine)
    engine.say(messages.Found(run=run, cells=fake_engine.cells()), messages.Found(run=run, cells=fake_engine.cells()))
    assert ready_model.state.cells == fake_engine.cells()


def test_late_events_of_another_run_are_dropped(ready_model: AuditModel, engine: FakeEngine, qtbot: QtBot) -> None:
    run = begin(ready_model, engine)
    before = ready_model.state
    with qtbot.assertNotEmitted(ready_model.measured), qtbot.assertNotEmitted(ready_model.failed):
        engine.say(
            fake_engine.progressed("older", "tune", 0.9, 0.9, 1),
            fake_engine.tuning_points("older", 5),
            messages.Finished(run="older", report="/nowhere/report.json"),
            messages.Failed(request="older", code="plan.bad", sentence="Too late."),
        )
    assert ready_model.state == before
    assert ready_model.curves == {}
    engine.say(messages.Cancelled(run=run, folder=""))
    after = ready_model.state
    engine.say(fake_engine.progressed(run, "tune", 0.9, 0.9, 1))
    assert ready_model.state == after


def test_cancel_asks_the_engine_and_waits_for_its_answer(ready_model: AuditModel, engine: FakeEngine) -> None:
    run = begin(ready_model, engine)
    ready_model.cancel()
    assert ready_model.state.phase == "cancelling"
    assert engine.sent[-1] == messages.Cancel(run=run)
    ready_model.cancel()
    assert sum(isinstance(request, messages.Cancel) for request in engine.sent) == 1
    engine.say(messages.Cancelled(run=run, folder="x"))
    assert ready_model.state.phase == "cancelled"


def test_a_pause_holds_until_the_engine_goes_on(ready_model: AuditModel, engine: FakeEngine) -> None:
    run = ready_model.start(AuditPlan())
    ready_model.pause()
    # Nothing is held before the stages are known, and the phase follows the engine, not the wish.
    assert not any(isinstance(request, messages.Pause) for request in engine.sent)
    engine.say(fake_engine.started(run, Path("runs/r")))
    ready_model.pause()
    assert engine.sent[-1] == messages.Pause(run=run)
    assert ready_model.state.phase == "running"
    engine.say(messages.Paused(run=run, frozen=True))
    assert (ready_model.state.phase, ready_model.state.frozen, ready_model.state.busy) == ("paused", True, True)
    engine.say(fake_engine.progressed(run, "tune", 0.5, 0.4, 30))
    assert ready_model.state.phase == "paused"
    ready_model.go_on()
    assert engine.sent[-1] == messages.Continue(run=run)
    engine.say(messages.Continued(run=run))
    assert (ready_model.state.phase, ready_model.state.frozen) == ("running", False)


def test_a_paused_audit_can_be_cancelled_and_can_die(ready_model: AuditModel, engine: FakeEngine) -> None:
    run = begin(ready_model, engine)
    engine.say(fake_engine.started(run, Path("runs/r")), messages.Paused(run=run, frozen=True))
    ready_model.cancel()
    assert engine.sent[-1] == messages.Cancel(run=run)
    # A pause that crossed the cancel on its way changes nothing.
    engine.say(messages.Paused(run=run, frozen=True), messages.Cancelled(run=run, folder=""))
    assert ready_model.state.phase == "cancelled"
    run = begin(ready_model, engine)
    engine.say(fake_engine.started(run, Path("runs/r")), messages.Paused(run=run, frozen=True))
    engine.say(messages.Failed(request=run, code="engine.died", sentence="The engine stopped unexpectedly."))
    assert ready_model.state.phase == "failed"


def test_cancel_before_the_engine_is_ready_never_sends_the_run(model: AuditModel, engine: FakeEngine) -> None:
    model.start(AuditPlan())
    model.cancel()
    engine.be_ready()
    assert engine.sent == []
    assert model.state.phase == "cancelled"


def test_resume_sends_the_stored_plan_under_the_same_name(
    ready_model: AuditModel, engine: FakeEngine, tmp_path: Path
) -> None:
    plan = AuditPlan(seed=7)
    (tmp_path / "plan.json").write_bytes(plan_to_json(plan))
    ready_model.resume(tmp_path)
    assert engine.sent == [messages.RunAudit(run=tmp_path.name, plan=plan, folder=str(tmp_path))]


def test_resume_without_a_plan_says_so(ready_model: AuditModel, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(ready_model.failed) as told:
        assert ready_model.resume(tmp_path) == ""
    assert told.args[0].code == "run.unreadable"
    assert ready_model.state.phase == "ready"


def test_a_failed_run_keeps_its_reason_and_can_be_started_again(ready_model: AuditModel, engine: FakeEngine) -> None:
    run = begin(ready_model, engine)
    engine.say(messages.Failed(request=run, code="disk.full", sentence="Could not write."))
    assert ready_model.state.phase == "failed"
    assert ready_model.state.error is not None
    begin(ready_model, engine)
    assert ready_model.state.phase == "running"
    assert ready_model.state.error is None


def test_other_requests_are_refused_while_an_audit_runs(
    ready_model: AuditModel, engine: FakeEngine, qtbot: QtBot
) -> None:
    begin(ready_model, engine)
    sent = len(engine.sent)
    with qtbot.waitSignal(ready_model.failed) as told:
        ready_model.inspect("b.pth")
    assert told.args[0].code == "engine.busy"
    assert len(engine.sent) == sent
    assert ready_model.state.phase == "running"


def test_only_the_newest_waiting_picture_is_judged(ready_model: AuditModel, engine: FakeEngine) -> None:
    for number in range(3):
        subject = Subject(folder="run", image=f"test:{number}", task="sample:emoji")
        ready_model.ask(JudgeImage(request=f"judge-{number}", subject=subject))
    assert [request.request for request in engine.sent] == ["judge-0"]  # type: ignore[union-attr]
    engine.say(messages.Failed(request="judge-0", code="image.bad", sentence="No."))
    assert [request.request for request in engine.sent] == ["judge-0", "judge-2"]  # type: ignore[union-attr]


def test_an_unreadable_report_changes_nothing(ready_model: AuditModel, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "report.json").write_text("{}")
    before = ready_model.state
    with qtbot.waitSignal(ready_model.failed) as told:
        assert not ready_model.load_run(tmp_path)
    assert told.args[0].code == "run.unreadable"
    assert ready_model.state == before
