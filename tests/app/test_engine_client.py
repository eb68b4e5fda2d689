"""The client against real processes: one that answers, one that is deaf, one that dies, one that chatters."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import ready
from zepad_app.engine_client import EngineClient
from zepad_engine import messages
from zepad_engine.messages import Event
from zepad_engine.plan import AuditPlan

GREET = "import sys, time; sys.stdout.write(open({path!r}).read()); sys.stdout.flush(); "


@pytest.fixture
def greeting(tmp_path: Path) -> str:
    path = tmp_path / "ready.jsonl"
    path.write_bytes(messages.encode(ready()))
    return GREET.format(path=str(path))


def client_of(code: str, grace_ms: int = 2500) -> tuple[EngineClient, list[Event]]:
    client = EngineClient((sys.executable, "-c", code), grace_ms)
    seen: list[Event] = []
    client.received.connect(seen.append)
    return client, seen


def kinds(seen: list[Event]) -> list[str]:
    return [type(event).__name__ for event in seen]


def test_closed_stdin_ends_the_engine(qtbot: QtBot, greeting: str, tmp_path: Path) -> None:
    client, seen = client_of(greeting + f"sys.stdin.read(); open({str(tmp_path / 'left')!r}, 'x')")
    client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Ready"], timeout=5000)
    client.close()
    assert client.process_id == 0
    # It left by itself: one that has to be killed comes no further than its reading.
    assert (tmp_path / "left").exists()


def test_a_deaf_engine_is_killed_after_the_grace_and_the_run_counts_as_cancelled(qtbot: QtBot, greeting: str) -> None:
    client, seen = client_of(greeting + "time.sleep(60)", grace_ms=200)
    client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Ready"], timeout=5000)
    old = client.process_id
    client.send(messages.RunAudit(run="r", plan=AuditPlan(), folder="/tmp/r"))
    client.send(messages.Cancel(run="r"))
    qtbot.waitUntil(lambda: "Cancelled" in kinds(seen), timeout=5000)
    assert messages.Cancelled(run="r", folder="/tmp/r") in seen
    qtbot.waitUntil(lambda: kinds(seen).count("Ready") == 2, timeout=5000)
    assert client.process_id not in (0, old)
    client.close()


def test_a_pause_does_not_take_the_place_of_the_run(qtbot: QtBot, greeting: str) -> None:
    client, seen = client_of(greeting + "[sys.stdin.readline() for _ in range(3)]; sys.exit(3)")
    client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Ready"], timeout=5000)
    for request in (messages.RunAudit(run="r", plan=AuditPlan(), folder="/tmp/r"), messages.Pause(run="r")):
        client.send(request)
    client.send(messages.Continue(run="r"))
    qtbot.waitUntil(lambda: "Failed" in kinds(seen), timeout=5000)
    failure = next(event for event in seen if isinstance(event, messages.Failed))
    assert (failure.request, failure.code) == ("r", "engine.died")
    client.close()


def test_a_dead_engine_fails_the_run_with_its_last_words(qtbot: QtBot, greeting: str) -> None:
    client, seen = client_of(greeting + "sys.stdin.readline(); sys.stderr.write('out of memory'); sys.exit(3)")
    client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Ready"], timeout=5000)
    client.send(messages.RunAudit(run="r", plan=AuditPlan(), folder="/tmp/r"))
    qtbot.waitUntil(lambda: "Failed" in kinds(seen), timeout=5000)
    failure = next(event for event in seen if isinstance(event, messages.Failed))
    assert (failure.request, failure.code, failure.detail) == ("r", "engine.died", "out of memory")
    assert "Resume" in failure.advice
    qtbot.waitUntil(lambda: kinds(seen).count("Ready") == 2, timeout=5000)
    client.close()


def test_an_engine_that_never_gets_ready_is_not_started_for_ever(qtbot: QtBot) -> None:
    client, seen = client_of("import sys; sys.exit('no module named torch')")
    with qtbot.waitSignal(client.stopped, timeout=5000):
        client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Failed"], timeout=5000)
    assert client.process_id == 0
    with qtbot.waitSignal(client.stopped, timeout=5000):
        client.start()


def test_a_program_that_is_not_there_is_said(qtbot: QtBot) -> None:
    client = EngineClient(("/no/such/python",))
    seen: list[Event] = []
    client.received.connect(seen.append)
    client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Failed"], timeout=5000)


def test_lines_that_are_no_messages_and_split_lines_do_no_harm(qtbot: QtBot, greeting: str) -> None:
    answer = messages.encode(messages.Failed(request="q", code="input.bad", sentence="Nö.")).decode()
    code = greeting + (
        "print('loading weights', flush=True); sys.stdin.readline(); "
        f"line = {answer!r}.encode(); sys.stdout.buffer.write(line[:25]); sys.stdout.flush(); time.sleep(0.2); "
        "sys.stdout.buffer.write(line[25:]); sys.stdout.flush(); sys.stdin.read()"
    )
    client, seen = client_of(code)
    client.start()
    qtbot.waitUntil(lambda: kinds(seen) == ["Ready"], timeout=5000)
    client.send(messages.Inspect(request="q", path="x"))
    qtbot.waitUntil(lambda: kinds(seen) == ["Ready", "Failed"], timeout=5000)
    assert seen[-1] == messages.Failed(request="q", code="input.bad", sentence="Nö.")
    client.close()
