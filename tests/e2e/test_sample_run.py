"""The sample audit that ``.ci/run`` has made headless, in the real window: its figures, its pages, one attack."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.gap_meter import GapMeter
from tests.support.story_clicks import Mouse, texts
from tests.support.story_shots import shoot
from zepad_app.app import App
from zepad_app.results.headline import headline_of
from zepad_app.results.wording import unbroken
from zepad_engine.findings import report_from_json
from zepad_engine.places import runs_folder

DEMO = Path(os.environ.get("ZEPAD_DEMO", "artefacts/demo")).resolve()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DEMO / "report.json").is_file(), reason="made by .ci/run; ZEPAD_DEMO names another"),
]


def test_the_sample_shows_what_it_is_for(app: App, qtbot: QtBot, gaps: GapMeter) -> None:
    with gaps.forgiving():
        folder = Path(shutil.copytree(DEMO, runs_folder() / "20260101-120000-sample"))
    report = report_from_json((folder / "report.json").read_bytes())
    unseen = {
        (row.defence, row.attack): row for row in report.averages if row.unseen and set(row.tasks).isdisjoint({"emoji"})
    }
    undefended, zepad = (unseen[defence, "advencoder_per"] for defence in ("undefended", "zepad"))
    assert undefended.ba is not None
    assert undefended.ra is not None
    assert zepad.ra is not None
    assert undefended.ba.value - undefended.ra.value > 0.2
    assert zepad.ra.value - undefended.ra.value > 0.15

    window, mouse = app.window, Mouse(qtbot)
    drop = window.pages.page("drop")
    drop.refresh_recent()  # type: ignore[attr-defined]
    shoot(app, qtbot, "drop")
    mouse.click(drop, "Plan the sample audit")
    shoot(app, qtbot, "plan")
    app.model.load_run(folder)
    results = window.pages.page("results")
    assert window.stack.currentWidget() is results
    assert unbroken(headline_of(report).sentence) in texts(results)
    shoot(app, qtbot, "results")
    for name in ("Matrix", "Budget", "Detection", "Branches", "Attacks", "Training", "Examples"):
        results.open_tab(name)  # type: ignore[attr-defined]
        shoot(app, qtbot, name.lower())

    window.show_page("inspect")
    inspect = window.pages.page("inspect")
    inspect.gallery.task.setCurrentIndex(inspect.gallery.task.findData("satellite"))  # type: ignore[attr-defined]
    with qtbot.waitSignal(app.model.judged, timeout=120_000):
        mouse.click(inspect, "Browse test images")
    with qtbot.waitSignal(app.model.judged, timeout=60_000) as answered:
        inspect.attack.toggle()  # type: ignore[attr-defined]
    judged = answered.args[0]
    assert (judged.subject.attack, judged.subject.epsilon_255) == ("advencoder_per", 10.0)
    assert sum(branch.weight for branch in judged.branches) == pytest.approx(1.0)
    assert judged.flagged == (judged.score > judged.threshold)
    assert all((folder / name).is_file() for name in (judged.shown, judged.perturbed, judged.residual))
    qtbot.wait(600)
    shoot(app, qtbot, "inspect")
