"""How an audit runs, as the plan page shows and edits it."""

from __future__ import annotations

import msgspec
import pytest

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.sample_preflight import good
from zepad_app.app import App
from zepad_app.estimate import estimate_seconds, in_words
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.plan_words import running_in_words
from zepad_app.widgets.entry_card import EntryCard
from zepad_app.widgets.parameter_form import ParameterForm
from zepad_engine import messages
from zepad_engine.plan import AuditPlan, Choice


@pytest.fixture
def page(app: App, engine: FakeEngine) -> PlanPage:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    found = app.window.pages.page("plan")
    assert isinstance(found, PlanPage)
    return found


def test_the_device_is_named_and_zero_is_automatic(page: PlanPage) -> None:
    section = page.sections["running"]
    device = section.rows["device"].control
    assert device.currentText() == "Automatic: CPU, 2 cores, bf16"  # type: ignore[attr-defined]
    shown = {field: row.control.text() for field, row in section.rows.items() if hasattr(row.control, "text")}
    assert shown == {"workers": "automatic", "threads": "1", "batch": "automatic"}
    assert section.rows["arithmetic"].control.key == "fast"  # type: ignore[attr-defined]
    assert section.summary == "Fast arithmetic; 2 workers; CPU, 2 cores, bf16"


def test_every_field_reaches_the_plan_and_the_summary(page: PlanPage) -> None:
    section = page.sections["running"]
    section.rows["arithmetic"].control.choose("exact")  # type: ignore[attr-defined]
    for field, value in (("workers", 3), ("threads", 2), ("batch", 64)):
        section.rows[field].control.setValue(value)  # type: ignore[attr-defined]
    plan = page.plan
    assert (plan.arithmetic, plan.workers, plan.threads, plan.batch) == ("exact", 3, 2, 64)
    assert section.summary == "Exact arithmetic; 3 workers of 2 threads; CPU, 2 cores, bf16"


def test_a_plan_without_threads_is_said_beside_the_field(page: PlanPage) -> None:
    row = page.sections["running"].rows["threads"]
    row.control.setValue(0)  # type: ignore[attr-defined]
    assert row.trouble == "Threads of each worker must lie between 1 and 256; it is 0."
    assert not page.heading.enabled


def test_a_trouble_that_speaks_in_words_keeps_them(page: PlanPage) -> None:
    page.show_plan(AuditPlan(auxiliary=AuditPlan().encoder))
    trouble = page.sections["defence"].rows["auxiliary"].trouble
    assert trouble.startswith("The auxiliary encoder is the victim itself,")


def test_workers_of_the_plan_count_in_the_estimate(page: PlanPage) -> None:
    before = page.estimate.text()
    page.sections["running"].rows["workers"].control.setValue(1)  # type: ignore[attr-defined]
    assert page.estimate.text() != before


def test_the_estimate_knows_the_encoder_that_was_opened(app: App, page: PlanPage, engine: FakeEngine) -> None:
    sample = page.estimate.text()
    app.model.inspect("/data/large.pth")
    request = engine.sent[-1]
    assert isinstance(request, messages.Inspect)
    large = msgspec.structs.replace(good(), multiply_adds=350_453_760)
    engine.say(messages.Inspected(request=request.request, path=request.path, preflight=large))
    page.show_plan(AuditPlan(encoder=request.path))
    # Ten times the multiply-adds in two of three branches, the auxiliary as before: seven times as long.
    seconds = estimate_seconds(page.plan, fake_engine.sample_catalogue(), 1.0, 2, 7.0)
    assert page.estimate.text() == f"{in_words(seconds).capitalize()} on this machine"
    page.show_plan(AuditPlan())
    assert page.estimate.text() == sample


def test_a_device_the_plan_names_is_shown_as_it_is() -> None:
    plan = msgspec.structs.replace(AuditPlan(), device="cuda:1", workers=1)
    assert running_in_words(plan, fake_engine.ready()) == "Fast arithmetic; 1 worker; cuda:1"


def test_a_closed_section_draws_nothing_and_a_closed_card_no_form(page: PlanPage) -> None:
    attacks = page.sections["attacks"]
    assert not attacks.findChildren(EntryCard)
    attacks.set_open(True)
    cards = attacks.findChildren(EntryCard)
    assert len(cards) == len(fake_engine.sample_catalogue().attacks)
    assert not attacks.findChildren(ParameterForm)
    page.show_plan(msgspec.structs.replace(AuditPlan(), attacks=(Choice(key="l4a_base", values={"steps": 7}),)))
    card = next(card for card in cards if card.key == "l4a_base")
    assert card.choice == Choice(key="l4a_base", values={"steps": 7})
    assert card.form.control("steps").value() == 7  # type: ignore[attr-defined]
