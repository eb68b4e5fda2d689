"""A plan dropped anywhere is put on the plan page, or a sentence says why not."""

from __future__ import annotations

from pathlib import Path

from tests.app.test_drops import drop, routed
from tests.support.fake_engine import FakeEngine
from zepad_app.app import App
from zepad_app.pages.plan import PlanPage
from zepad_app.routes import Route
from zepad_engine.plan import AuditPlan, Choice, plan_to_json


def test_a_plan_is_edited_wherever_it_is_dropped(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    plan = AuditPlan(attacks=(Choice(key="l4a_base", values={"steps": 7}),), defences=(Choice(key="zepad"),), seed=7)
    unfinished = tmp_path / "20261121-090000-barlow"
    unfinished.mkdir()
    for path in (tmp_path / "mine.json", unfinished / "plan.json"):
        path.write_bytes(plan_to_json(plan))
    drop(app.window, tmp_path / "mine.json")
    assert app.window.notice.sentence == "The engine is still starting."
    engine.be_ready()
    for dropped, name in ((tmp_path / "mine.json", "mine.json"), (unfinished, "plan.json")):
        app.window.show_page("drop")
        drop(app.window, dropped)
        page = app.window.stack.currentWidget()
        assert isinstance(page, PlanPage)
        assert (page.plan, page.heading.detail) == (plan, f"Plan of the audit · {name}")
        assert app.window.notice.isHidden()
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    app.window.show_page("drop")
    drop(app.window, tmp_path / "config.json")
    assert app.window.notice.sentence == "config.json is no audit plan of version 1."
    assert app.window.stack.currentWidget() is app.window.pages.page("drop")
    # The card beside an encoder ends in .json too.
    assert routed(tmp_path / "mine.json", Path("/data/net.pth")) == Route("encoder", (Path("/data/net.pth"),), left=1)
