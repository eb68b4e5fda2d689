"""The start page: one click to a picture, a bundle opened where every byte is as written, missing audits grey."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.history import remember_run
from zepad_app.pages.drop import DropPage
from zepad_app.routes import kind_by_name
from zepad_app.widgets.cards import RunRow
from zepad_engine import messages
from zepad_engine.bundle_words import BundleOpened, OpenBundle
from zepad_engine.findings import report_to_json
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan, plan_to_json


def store(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "plan.json").write_bytes(plan_to_json(AuditPlan()))
    (folder / "report.json").write_bytes(report_to_json(sample_report()))
    return folder


def page_of(app: App) -> DropPage:
    page = app.window.pages.page("drop")
    assert isinstance(page, DropPage)
    return page


def test_one_click_inspects_with_the_newest_audit(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.be_ready()
    page = page_of(app)
    # No audit, no picture: nothing is promised that cannot be kept.
    assert page.inspection.isHidden()
    store(runs_folder() / "20260101-101010-a")
    page.refresh_recent()
    app.window.show()
    assert page.inspection.isVisible()
    page.inspection._button.click()
    assert app.window.pages.name_of(app.window.stack.currentWidget()) == "inspect"
    assert app.model.state.report == sample_report()


def drop_bundle(app: App, engine: FakeEngine, path: Path) -> OpenBundle:
    app.window.open_files((path,))
    request = engine.sent[-1]
    assert isinstance(request, OpenBundle)
    assert request.path == str(path)
    return request


def test_a_bundle_is_checked_and_then_opened(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    engine.be_ready()
    assert kind_by_name(Path("a.zepad")) == "bundle"
    request = drop_bundle(app, engine, tmp_path / "audit.zepad")
    assert app.window.notice.sentence == "Checking audit.zepad to its last byte…"
    folder = store(tmp_path / "unpacked")
    engine.say(
        BundleOpened(
            request=request.request, path=request.path, folder=str(folder), files=41, seal="ab" * 32, key="SHA256:xyz"
        )
    )
    assert app.window.pages.name_of(app.window.stack.currentWidget()) == "results"
    said = app.window.notice.sentence
    assert said == "audit.zepad: all 41 files are as they were written, signed with the key SHA256:xyz."


def test_a_spoiled_bundle_is_said_and_opens_nothing(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    engine.be_ready()
    request = drop_bundle(app, engine, tmp_path / "audit.zepad")
    sentence = "plan.json in audit.zepad is not as it was written."
    engine.say(messages.Failed(request=request.request, code="bundle.changed", sentence=sentence, advice="Ask again."))
    assert app.window.notice.sentence == sentence
    assert app.model.state.report is None


def test_other_things_beside_a_bundle_are_left_aside(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    engine.be_ready()
    app.window.open_files((tmp_path / "a.zepad", tmp_path / "b.zepad"))
    asked = [request.path for request in engine.sent if isinstance(request, OpenBundle)]
    assert asked == [str(tmp_path / "a.zepad")]


def test_an_audit_that_is_gone_is_grey_and_cannot_be_opened(app: App, engine: FakeEngine, tmp_path: Path) -> None:
    folder = store(tmp_path / "elsewhere")
    remember_run(folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    page = page_of(app)
    page.refresh_recent()
    (row,) = page._below.findChildren(RunRow)
    (button,) = row.findChildren(QPushButton)
    assert (button.text(), button.isEnabled()) == ("Gone", False)
