"""What is redrawn while an audit runs: only the plots that have something new."""

from __future__ import annotations

from pathlib import Path

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
