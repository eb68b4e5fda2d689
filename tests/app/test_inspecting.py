"""How the model follows an inspection: opened, checked, refused, several encoders, and one asked about on top."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from tests.support.sample_preflight import (
    SAID_IMAGENET,
    doubtful,
    good,
    opened,
    said_inspected,
    said_opened,
    said_refused,
    said_several,
)
from zepad_app.audit_model import AuditModel
from zepad_engine import messages
from zepad_engine.card import Overrides
from zepad_engine.plan import AuditPlan


def last(engine: FakeEngine) -> messages.Inspect:
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    return request


def open_first(model: AuditModel, engine: FakeEngine) -> messages.Inspect:
    model.inspect("a.pth")
    engine.say(said_opened(last(engine)))
    return last(engine)


def test_an_encoder_is_known_as_soon_as_it_is_open_and_its_checks_follow(
    ready_model: AuditModel, engine: FakeEngine, qtbot: QtBot
) -> None:
    request = open_first(ready_model, engine)
    state = ready_model.state
    assert (state.inspecting, state.checking) == ("", True)
    assert state.inspected is not None
    assert (state.inspected.preflight, state.inspected.checks) == (opened(), "running")
    with qtbot.waitSignal(ready_model.inspected):
        engine.say(said_inspected(request))
    assert ready_model.state.inspected is not None
    assert (ready_model.state.inspected.preflight, ready_model.state.inspected.checks) == (good(), "done")
    assert not ready_model.state.checking


def test_what_the_user_says_is_sent_and_kept(ready_model: AuditModel, engine: FakeEngine) -> None:
    ready_model.inspect("a.pth", SAID_IMAGENET)
    assert last(engine).says == SAID_IMAGENET
    engine.say(said_opened(last(engine)))
    assert ready_model.state.inspected is not None
    assert ready_model.state.inspected.says == SAID_IMAGENET


def test_a_refusal_keeps_what_was_opened_before(ready_model: AuditModel, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.say(said_inspected(open_first(ready_model, engine)))
    before = ready_model.state.inspected
    ready_model.inspect("b.pth")
    assert (ready_model.state.inspected, ready_model.state.inspecting) == (before, "b.pth")
    with qtbot.waitSignal(ready_model.failed):
        engine.say(said_refused(last(engine)))
    assert (ready_model.state.inspected, ready_model.state.inspecting) == (before, "")


def test_a_failure_after_opening_is_one_of_the_checks(ready_model: AuditModel, engine: FakeEngine) -> None:
    request = open_first(ready_model, engine)
    engine.say(messages.Failed(request=request.request, code="engine.memory", sentence="Out of memory."))
    assert ready_model.state.inspected is not None
    assert (ready_model.state.inspected.preflight, ready_model.state.inspected.checks) == (opened(), "failed")


def test_a_file_with_several_encoders_asks(ready_model: AuditModel, engine: FakeEngine) -> None:
    ready_model.inspect("both.pth", Overrides(input_size=64))
    engine.say(said_several(last(engine)))
    choosing = ready_model.state.choosing
    assert choosing is not None
    assert (choosing.path, choosing.nets, choosing.says) == (
        "both.pth",
        ("teacher.", "student."),
        Overrides(input_size=64),
    )
    ready_model.inspect(choosing.path, Overrides(net="teacher."))
    assert ready_model.state.choosing is not None
    engine.say(said_opened(last(engine)))
    assert ready_model.state.choosing is None


@pytest.mark.parametrize("in_time", [False, True])
def test_a_second_file_stops_the_checks_of_the_first_once(
    ready_model: AuditModel, engine: FakeEngine, in_time: bool
) -> None:
    first = open_first(ready_model, engine)
    ready_model.inspect("b.pth")
    ready_model.inspect("c.pth")
    assert engine.sent == [first, messages.Cancel(run=first.request)]
    # The checks may have ended before the wish arrived.
    stopped = messages.Cancelled(run=first.request, folder="")
    engine.say(said_inspected(first, doubtful()) if in_time else stopped)
    assert ready_model.state.inspected is not None
    checks = "done" if in_time else "failed"
    assert (ready_model.state.inspected.checks, ready_model.state.inspecting) == (checks, "c.pth")
    assert ready_model.state.phase == "ready"
    assert last(engine).path == "c.pth"
    engine.say(said_opened(last(engine)))
    assert ready_model.state.inspected.path == "c.pth"


@pytest.mark.parametrize("fails", [False, True])
def test_the_answer_to_an_encoder_put_aside_is_dropped(
    ready_model: AuditModel, engine: FakeEngine, qtbot: QtBot, fails: bool
) -> None:
    request = open_first(ready_model, engine)
    ready_model.forget_inspected()
    assert engine.sent[-1] == messages.Cancel(run=request.request)
    with qtbot.assertNotEmitted(ready_model.inspected), qtbot.assertNotEmitted(ready_model.failed):
        engine.say(said_refused(request) if fails else said_inspected(request))
    assert (ready_model.state.inspected, ready_model.state.inspecting) == (None, "")
    ready_model.inspect("b.pth")
    assert last(engine).path == "b.pth"


def test_an_audit_started_while_checks_run_waits_for_them(ready_model: AuditModel, engine: FakeEngine) -> None:
    request = open_first(ready_model, engine)
    run = ready_model.start(AuditPlan())
    assert engine.sent == [request]
    assert ready_model.state.phase == "running"
    engine.say(said_inspected(request))
    assert isinstance(engine.sent[-1], messages.RunAudit)
    assert engine.sent[-1].run == run
    assert ready_model.state.inspected is not None
    assert ready_model.state.inspected.checks == "done"


def test_an_audit_that_waits_for_checks_can_be_cancelled(ready_model: AuditModel, engine: FakeEngine) -> None:
    request = open_first(ready_model, engine)
    ready_model.start(AuditPlan())
    ready_model.cancel()
    engine.say(said_inspected(request))
    assert engine.sent == [request]
    assert ready_model.state.phase == "cancelled"


def test_checks_that_fail_do_not_fail_the_audit_that_waits(ready_model: AuditModel, engine: FakeEngine) -> None:
    request = open_first(ready_model, engine)
    ready_model.start(AuditPlan())
    engine.say(messages.Failed(request=request.request, code="engine.memory", sentence="Out of memory."))
    assert isinstance(engine.sent[-1], messages.RunAudit)
    assert (ready_model.state.phase, ready_model.state.error) == ("running", None)


def test_an_engine_that_ends_leaves_nothing_opening(ready_model: AuditModel, engine: FakeEngine) -> None:
    request = open_first(ready_model, engine)
    ready_model.inspect("b.pth")
    engine.stopped.emit()
    engine.say(messages.Failed(request=request.request, code="engine.died", sentence="The engine stopped."))
    assert ready_model.state.inspected is not None
    assert (ready_model.state.inspecting, ready_model.state.inspected.checks) == ("", "failed")
