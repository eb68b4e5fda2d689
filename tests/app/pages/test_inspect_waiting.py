"""The inspector before there is an audit to inspect with: what it says, and where it leads."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from tests.support.fake_engine import FakeEngine
from zepad_app.app import App
from zepad_app.pages.inspect import InspectPage
from zepad_engine.messages import Cancelled
from zepad_engine.plan import AuditPlan


def said(page: InspectPage) -> tuple[str, str]:
    title = next(words.text() for words in page.no_run.findChildren(QLabel) if words.text())
    return title, page.no_run.next.text()


def test_the_page_says_that_an_audit_is_on_its_way_and_leads_to_it(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    app.window.show_page("inspect")
    page = app.window.pages.page("inspect")
    assert isinstance(page, InspectPage)
    assert said(page) == ("An audit is running", "Watch the audit")
    page.no_run.next.click()
    assert app.window.stack.currentWidget() is app.window.pages.page("running")
    engine.say(Cancelled(run=run, folder=""))
    assert said(page) == ("No finished audit to inspect with", "Go to the audit")
