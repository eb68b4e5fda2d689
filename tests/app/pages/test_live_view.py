"""What is redrawn while an audit runs: only the plots that have something new."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from zepad_app.app import App
from zepad_app.pages.running import RunningPage
from zepad_engine import messages
from zepad_engine.plan import AuditPlan


def test_a_step_redraws_the_losses_and_an_epoch_the_accuracies(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    engine.say(fake_engine.started(run, Path("/tmp/x")))
    page = app.window.pages.page("running")
    assert isinstance(page, RunningPage)
    live = page.live

    def redrawn_by(series: str) -> tuple[bool, bool]:
        live.losses._timer.stop()
        live.accuracies._timer.stop()
        engine.say(messages.Measured(run=run, points={series: ((1.0, 0.5),)}))
        return live.losses._timer.isActive(), live.accuracies._timer.isActive()

    assert redrawn_by("tuned_victim/total") == (True, False)
    assert redrawn_by("tuned_auxiliary/pgd_accuracy") == (False, True)
    # The total is what is shown: a part of it alone draws nothing.
    assert redrawn_by("tuned_victim/regularisation") == (False, False)


def test_a_crafting_curve_lengthens_measure_by_measure(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    engine.say(fake_engine.started(run, Path("/tmp/x")))
    page = app.window.pages.page("running")
    assert isinstance(page, RunningPage)
    live, key = page.live, "craft_l4a_base/activation"
    for count in range(1, 4):
        engine.say(messages.Measured(run=run, points={key: ((float(count), 0.5 * count),)}))
        plot = live.crafting.plot(key)
        assert plot._timer.isActive()
        plot._timer.stop()
        plot.redraw()
        assert [row[1:] for row in plot.figures()[1:]] == [[float(at), 0.5 * at] for at in range(1, count + 1)]
    # No training has been measured yet, so the view has gone where something happens.
    assert live.view == "crafting"


def test_results_so_far_have_their_intervals_their_n_and_the_names_of_their_tasks(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    engine.say(fake_engine.started(run, Path("/tmp/x")))
    page = app.window.pages.page("running")
    assert isinstance(page, RunningPage)
    live, first = page.live, fake_engine.cells()
    engine.say(messages.Found(run=run, cells=first))
    shown = live.cells.item(0, 0)
    assert shown.text() == "74.0 % ±3.0"
    assert shown.toolTip() == "74.0 % of 500 images; 95 % interval 71.0 to 77.0 %\nOn Emoji"
    assert live._about_cells.text().startswith("Accuracy so far. On Emoji. ±")
    second = tuple(msgspec.structs.replace(cell, task="sample:signs") for cell in first)
    engine.say(messages.Found(run=run, cells=second))
    # Two equal halves of 3 points: the mean's is the root of their squares' sum, over two.
    shown = live.cells.item(0, 0)
    assert shown.text() == "74.0 % ±2.1"
    assert shown.toolTip().startswith("74.0 % of 1,000 images")
    assert shown.toolTip().endswith("Mean over 2 tasks: Emoji, Traffic signs")
