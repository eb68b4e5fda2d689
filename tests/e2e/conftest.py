"""What the stories share: the real window around the real engine, one tiny finished audit, and a meter of gaps.

``app`` is the whole product as a user starts it. While it is up a meter ticks; a story in which the test itself
works for long (not the window) does so under ``gaps.forgiving()``. An engine process that a story left well serves the
next one's window too.
"""

from __future__ import annotations

import gc
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.finished import stored_once, tiny_inputs
from tests.support.gap_meter import GROSS_MS, MOST_COMPUTING_MS, GapMeter, store
from tests.support.lent_engine import Lender, LentEngine
from zepad_app.app import App, after_first_paint, build
from zepad_engine.places import runs_folder
from zepad_engine.plan import Adaptive, AuditPlan, Choice

READY_MS = 120_000
LENDER = Lender()
METER = pytest.StashKey[GapMeter]()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """The meter rests as soon as the story is told: what the test runner does then is not the window's."""
    try:
        return (yield)
    finally:
        if (meter := item.stash.get(METER, None)) is not None:
            meter.rest()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last story of this process nobody wants its engine any more."""
    if nextitem is None or nextitem.path.parent != item.path.parent:
        LENDER.end()


@pytest.fixture
def app(qtbot: QtBot) -> Iterator[App]:
    """The real window at 1280 x 800 with a real engine that is ready; the window is gone afterwards."""
    made = build(LentEngine(LENDER))
    made.window.painted.connect(lambda: after_first_paint(made))
    made.window.confirm_close = lambda _parent: True
    made.window.resize(1280, 800)
    made.window.show()
    qtbot.waitUntil(lambda: made.model.state.ready is not None, timeout=READY_MS)
    # The pages are made ahead while the engine starts, long before anybody clicks.
    qtbot.waitUntil(lambda: made.window.pages.made_ahead, timeout=READY_MS)
    yield made
    gc.unfreeze()
    made.window.close()
    made.engine.close()
    made.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def gaps(request: pytest.FixtureRequest) -> Iterator[GapMeter | None]:
    """The meter of this story; None where there is no window."""
    if "app" not in request.fixturenames:
        yield None
        return
    meter = GapMeter(request.getfixturevalue("app").window)
    request.node.stash[METER] = meter
    yield meter
    found = meter.stop()
    store(request.node.name, found)
    sys.stdout.write(f"gaps in ms: {found}\n")
    assert found["cpu_max"] < MOST_COMPUTING_MS, found
    assert found["max"] < GROSS_MS, found


@pytest.fixture(scope="session")
def tiny_plan(tmp_path_factory: pytest.TempPathFactory) -> AuditPlan:
    """A whole audit in seconds: 16 px, two tasks, two attacks on the encoder, one on the system, heads, detection."""
    plan = tiny_inputs(tmp_path_factory)
    return msgspec.structs.replace(
        plan,
        attacks=(plan.attacks[0], plan.attacks[-1]),
        adaptive=Adaptive(
            attacks=(Choice(key="pgd", values={"steps": 3}),),
            defences=("undefended", "zepad"),
            images=16,
            checked_images=0,
        ),
    )


@pytest.fixture(scope="session")
def _tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_plan: AuditPlan) -> Path:
    return stored_once(tmp_path_factory, "stories", tiny_plan)


@pytest.fixture
def tiny_run(_tiny_run: Path, own_home: Path, gaps: GapMeter | None) -> Path:
    """A copy of one finished tiny audit among the runs of this test's home; the test may spoil it."""
    with gaps.forgiving() if gaps is not None else nullcontext():
        return Path(shutil.copytree(_tiny_run, runs_folder() / "20260101-120000-tiny"))
