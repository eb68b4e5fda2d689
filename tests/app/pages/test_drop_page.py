"""The first page with an engine that answers as told: opening, checks, choices, refusals, and on to the plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from tests.support.sample_preflight import (
    FIT_WARNING,
    PATH,
    SAID_IMAGENET,
    doubtful,
    said_inspected,
    said_opened,
    said_refused,
    said_several,
)
from zepad_app.app import App
from zepad_app.pages.drop import DropPage
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.threat_section import ThreatSection
from zepad_app.widgets.cards import RunRow
from zepad_app.widgets.preflight_banner import RUNNING
from zepad_app.widgets.preflight_card import PreflightCard
from zepad_engine import messages
from zepad_engine.card import Overrides
from zepad_engine.plan import AuditPlan, plan_to_json


@pytest.fixture
def page(app: App, engine: FakeEngine) -> DropPage:
    engine.be_ready()
    app.window.show()
    found = app.window.pages.page("drop")
    assert isinstance(found, DropPage)
    return found


def drop(app: App, engine: FakeEngine, path: str = PATH) -> messages.Inspect:
    app.window.open_files((Path(path),))
    return last(engine)


def last(engine: FakeEngine) -> messages.Inspect:
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    return request


def card_of(page: DropPage) -> PreflightCard:
    assert page.preflight is not None
    return page.preflight


def plan_page(app: App) -> PlanPage:
    found = app.window.pages.page("plan")
    assert isinstance(found, PlanPage)
    return found


def test_a_drop_is_answered_at_once_and_fills_in(app: App, engine: FakeEngine, page: DropPage) -> None:
    request = drop(app, engine)
    assert page.zone._title.text() == "Opening supcon_resnet18_ep400.ckpt…"
    engine.say(said_opened(request))
    card = card_of(page)
    assert (page.zone.isHidden(), card.banner.sentences) == (True, (RUNNING,))
    assert page.heading.detail == "Opened, the checks are running"
    engine.say(said_inspected(request))
    assert page.preflight is card
    assert page.heading.detail == "Opened, not audited yet"


def test_the_remedy_of_a_normalisation_reads_the_file_again(app: App, engine: FakeEngine, page: DropPage) -> None:
    engine.say(said_inspected(drop(app, engine), doubtful()))
    card_of(page).banner.lines[0].button.click()
    assert (last(engine).path, last(engine).says) == (PATH, SAID_IMAGENET)
    assert card_of(page).banner.sentences == ("Opening supcon_resnet18_ep400.ckpt…",)
    engine.say(said_opened(last(engine)))
    assert card_of(page).inspected.says == SAID_IMAGENET


def test_a_refused_value_is_told_in_the_form_and_the_card_stays(app: App, engine: FakeEngine, page: DropPage) -> None:
    engine.say(said_inspected(drop(app, engine)))
    card = card_of(page)
    card.open_editor()
    assert card.editor is not None
    card.editor.side.setValue(16)
    card.editor.apply.click()
    engine.say(
        messages.Failed(
            request=last(engine).request, code="encoder.bad", sentence="16 px is too small.", advice="Try 32."
        )
    )
    assert page.preflight is card
    assert card.editor.refusal.text() == "16 px is too small. Try 32."
    assert not card.editor.refusal.isHidden()
    assert card.editor.side.value() == 16
    assert page.notice.isHidden()


def test_the_form_is_scrolled_to(app: App, engine: FakeEngine, page: DropPage, qtbot: QtBot) -> None:
    app.window.resize(1000, 640)
    engine.say(said_inspected(drop(app, engine), doubtful()))
    QApplication.processEvents()
    card = card_of(page)
    card.banner.lines[1].button.click()
    assert card.editor is not None
    seen = page._column.viewport()

    def foot() -> int:
        assert card.editor is not None
        return card.editor.apply.mapTo(seen, card.editor.apply.rect().bottomLeft()).y()

    qtbot.waitUntil(lambda: 0 < foot() < seen.height(), timeout=10_000)


def test_one_of_several_encoders_is_chosen(app: App, engine: FakeEngine, page: DropPage) -> None:
    engine.say(said_several(drop(app, engine, "/data/dino_small.pth")))
    assert page.chooser is not None
    assert (page.notice.isHidden(), page.zone.isHidden()) == (True, True)
    assert (page.heading.title, page.heading.detail, page.heading.action) == (
        "dino_small.pth",
        "Holds several encoders",
        "",
    )
    page.chooser.buttons["teacher."].click()
    assert (last(engine).path, last(engine).says) == ("/data/dino_small.pth", Overrides(net="teacher."))
    engine.say(said_opened(last(engine)))
    assert page.chooser is None
    assert card_of(page).inspected.says == Overrides(net="teacher.")


def test_none_of_several_goes_back_to_what_was_open(app: App, engine: FakeEngine, page: DropPage) -> None:
    engine.say(said_inspected(drop(app, engine)))
    engine.say(said_several(drop(app, engine, "/data/dino_small.pth")))
    assert (page.chooser is not None, card_of(page).isHidden()) == (True, True)
    assert page.heading.back == "supcon_resnet18_ep400"
    page.go_back()
    assert (page.chooser, card_of(page).isHidden()) == (None, False)
    page.go_back()
    assert (page.preflight, page.zone.isHidden()) == (None, False)


def test_a_refused_file_loses_nothing(app: App, engine: FakeEngine, page: DropPage) -> None:
    engine.say(said_inspected(drop(app, engine)))
    card = card_of(page)
    refused = said_refused(drop(app, engine, "/data/holiday.pth"))
    assert card.banner.sentences == ("Opening holiday.pth…",)
    engine.say(refused)
    assert page.preflight is card
    assert (page.notice.isHidden(), page.notice.sentence) == (False, refused.sentence)
    page.notice._copy.click()
    assert QGuiApplication.clipboard().text() == f"{refused.sentence}\n{refused.advice}\nCode: encoder.code_in_file"
    drop(app, engine, "/data/other.pth")
    assert page.notice.isHidden()


def test_a_refused_first_file_leaves_the_drop_zone(app: App, engine: FakeEngine, page: DropPage) -> None:
    engine.say(said_refused(drop(app, engine)))
    assert (page.preflight, page.zone.isHidden(), page.notice.isHidden()) == (None, False, False)
    assert page.zone._title.text() == "Drop an encoder to audit, or images to inspect"


def test_the_plan_carries_what_was_said_and_repeats_the_warning(app: App, engine: FakeEngine, page: DropPage) -> None:
    app.model.inspect(PATH, SAID_IMAGENET)
    engine.say(said_inspected(last(engine), doubtful()))
    app.window.header.primary.click()
    plan = plan_page(app)
    assert (plan.plan.encoder, plan.plan.encoder_says) == (PATH, SAID_IMAGENET)
    assert (plan.warnings.text.text(), plan.warnings.isHidden()) == (FIT_WARNING, False)
    threat = plan.sections["threat"]
    assert isinstance(threat, ThreatSection)
    assert threat.said.text() == "You said of it: The normalisation is ImageNet."
    app.window.header.primary.click()
    sent = engine.sent[-1]
    assert isinstance(sent, messages.RunAudit)
    assert (sent.plan.encoder, sent.plan.encoder_says) == (PATH, SAID_IMAGENET)


def test_what_was_said_of_one_encoder_is_not_said_of_another(app: App, engine: FakeEngine, page: DropPage) -> None:
    app.model.inspect(PATH, SAID_IMAGENET)
    engine.say(said_inspected(last(engine), doubtful()))
    app.window.header.primary.click()
    plan = plan_page(app)
    picker = plan.sections["threat"].rows["encoder"].control
    picker._take(AuditPlan().encoder)  # type: ignore[attr-defined]
    assert plan.plan.encoder_says == Overrides()
    assert plan.warnings.isHidden()
    picker._take(PATH)  # type: ignore[attr-defined]
    assert plan.plan.encoder_says == SAID_IMAGENET
    assert not plan.warnings.isHidden()


def test_going_on_while_checks_run_waits_for_them(app: App, engine: FakeEngine, page: DropPage) -> None:
    request = drop(app, engine)
    engine.say(said_opened(request))
    app.window.header.primary.click()
    plan = plan_page(app)
    assert plan.warnings.isHidden()
    app.window.header.primary.click()
    running = app.window.pages.page("running")
    assert running._left.text() == "Begins when the encoder's checks are done…"  # type: ignore[attr-defined]
    assert engine.sent[-1] == request
    engine.say(said_inspected(request, doubtful()))
    assert isinstance(engine.sent[-1], messages.RunAudit)
    assert running._left.text() == "Starting…"  # type: ignore[attr-defined]


def test_a_warning_that_comes_late_reaches_the_plan(app: App, engine: FakeEngine, page: DropPage) -> None:
    request = drop(app, engine)
    engine.say(said_opened(request))
    app.window.header.primary.click()
    engine.say(said_inspected(request, doubtful()))
    assert plan_page(app).warnings.text.text() == FIT_WARNING


def test_an_audit_that_was_stopped_is_listed_once_the_page_is_seen_again(app: App, engine: FakeEngine) -> None:
    engine.be_ready()
    app.window.show()
    app.window.show_page("drop")
    run = app.model.start(AuditPlan())
    folder = app.model.state.run_folder
    assert folder is not None
    app.window.show_page("running")
    folder.mkdir(parents=True)
    (folder / "plan.json").write_bytes(plan_to_json(AuditPlan()))
    app.model.cancel()
    engine.say(messages.Cancelled(run=run, folder=str(folder)))
    app.window.show_page("drop")
    assert [row._run.folder for row in app.window.pages.page("drop").findChildren(RunRow)] == [folder]
