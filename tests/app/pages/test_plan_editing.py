"""The plan page as it is edited: the attacker, the search, undo, files, budget on two scales, devices."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from zepad_app.app import App
from zepad_app.pages.entries_section import EntriesSection
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.threat_section import ThreatSection
from zepad_app.theme import Theme
from zepad_app.threat import Threat
from zepad_app.widgets.budget_input import BudgetInput
from zepad_app.widgets.budgets_choice import BudgetsChoice
from zepad_app.widgets.card_flow import CardFlow
from zepad_app.widgets.entry_card import EntryCard
from zepad_engine.messages import Device
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.presets import with_preset

DEVICES = (
    Device(key="cpu", name="AMD EPYC", kind="cpu", free=12 * 2**30),
    Device(key="cuda:0", name="NVIDIA H100", kind="cuda", free=77 * 2**30, total=80 * 2**30),
)
_KNOWN = tuple(Choice(key=key) for key in ("advencoder_per", "l4a_base", "sign_noise"))
QUICK = with_preset(AuditPlan(attacks=_KNOWN), "quick", fake_engine.sample_catalogue())


@pytest.fixture
def page(app: App, engine: FakeEngine) -> PlanPage:
    engine.say(msgspec.structs.replace(fake_engine.ready(), devices=DEVICES))
    app.window.pages.edit_plan(QUICK)
    found = app.window.pages.page("plan")
    assert isinstance(found, PlanPage)
    return found


def threat_of(page: PlanPage) -> ThreatSection:
    section = page.sections["threat"]
    assert isinstance(section, ThreatSection)
    return section


def cards_of(page: PlanPage, key: str) -> dict[str, EntryCard]:
    section = page.sections[key]
    assert isinstance(section, EntriesSection)
    return section.cards


def test_the_attacker_decides_what_is_offered(page: PlanPage) -> None:
    threat, cards = threat_of(page), cards_of(page, "adaptive")
    assert page.threat == Threat(knows="system")
    assert threat.radio("system").isChecked()
    # Who has the whole system can ask it too: nothing to choose.
    assert (threat.asks.isChecked(), threat.asks.isEnabled()) == (True, False)
    threat.radio("encoder").click()
    assert page.plan.adaptive.attacks == ()
    assert not cards["pgd"].tick.isEnabled()
    assert cards["pgd"]._lacking.text() == "This attacker does not have the defended system."
    assert cards["square"]._lacking.text() == "This attacker cannot ask the deployed system."
    threat.asks.click()
    assert (page.threat, cards["square"].tick.isEnabled()) == (Threat(asks=True), True)
    threat.radio("system").click()
    assert page.plan.adaptive.attacks == QUICK.adaptive.attacks
    assert "Another attacker has the defended system itself: 2 attacks on 2 systems." in threat._words.text()


def test_a_ticked_attack_makes_the_attacker_able_to_do_it(page: PlanPage) -> None:
    threat_of(page).radio("encoder").click()
    page.take_plan("test", msgspec.structs.replace(page.plan, attacks=(Choice(key="advencoder_per"),)))
    assert page.threat == Threat()
    cards_of(page, "adaptive")["square"].tick.setChecked(True)
    assert page.threat == Threat(asks=True)
    assert threat_of(page).asks.isChecked()


def test_undo_takes_back_a_field_at_once_and_ticks_one_by_one(app: App, page: PlanPage) -> None:
    undo = app.window.undo
    rows = page.sections["defence"].rows
    for value in (1, 12, 123):
        rows["tuning.epochs"].control.setValue(value)  # type: ignore[attr-defined]
    cards = cards_of(page, "attacks")
    cards["sign_noise"].tick.setChecked(False)
    cards["l4a_base"].tick.setChecked(False)
    assert undo.undoText() == "attacks"
    undo.undo()
    undo.undo()
    assert page.plan.attacks == QUICK.attacks
    assert cards["l4a_base"].tick.isChecked()
    assert undo.undoText() == "epochs of tuning"
    undo.undo()
    assert page.plan == QUICK
    assert rows["tuning.epochs"].control.value() == QUICK.tuning.epochs  # type: ignore[attr-defined]
    undo.redo()
    assert page.plan.tuning.epochs == 123
    page.head.presets.choose("paper")
    assert page.plan.preset == "paper"
    undo.undo()
    assert (page.plan.preset, page.plan.tuning.epochs) == ("quick", 123)
    assert page.head.presets.choice == "quick"
    threat_of(page).radio("encoder").click()
    undo.undo()
    assert (page.threat.knows, page.plan.adaptive.attacks) == ("system", QUICK.adaptive.attacks)


def test_the_search_shows_only_the_cards_that_have_the_words(app: App, page: PlanPage) -> None:
    app.window.show_page("plan")
    app.window.show()
    page.sections["running"].set_open(True)

    def shown() -> dict[str, list[str]]:
        return {
            key: [card.key for card in section.findChildren(EntryCard) if card.isVisible()]
            for key, section in page.sections.items()
            if section.isVisible()
        }

    def said() -> set[str]:
        headings = {"How strong they get", "How ZePAD is built", "Systems attacked"}
        return headings & {words.text() for words in page.findChildren(QLabel) if words.isVisible()}

    page.search.setText("NeurIPS dong")
    assert shown() == {"attacks": ["l4a_base"]}
    page.search.setText("random")
    assert shown() == {"attacks": ["sign_noise"], "adaptive": ["square"], "defence": ["random_encoder"]}
    # Fields are not searched, and no heading stands there without its fields.
    assert said() == set()
    page.search.setText("clothes")
    assert shown() == {"data": []}
    page.search.setText("nothing like it")
    assert shown() == {}
    assert page._nothing.isVisible()
    page.search.clear()
    page.sections["attacks"].set_open(True)
    assert said() == {"How strong they get"}
    page.sections["attacks"].set_open(False)
    assert {key for key, section in page.sections.items() if section.is_open} == {"threat", "running"}
    assert not page._nothing.isVisible()


def test_a_budget_is_typed_on_either_scale(page: PlanPage) -> None:
    control = threat_of(page).rows["epsilon_255"].control
    assert isinstance(control, BudgetInput)
    control.of_255.setValue(8)
    assert (page.plan.epsilon_255, control.share.text()) == (8.0, "0.0314")
    control.share.setValue(0.0157)
    assert page.plan.epsilon_255 == pytest.approx(4.0, abs=0.01)
    assert control.of_255.text() == "4"
    control.of_255.setValue(300)
    trouble = threat_of(page).rows["epsilon_255"].trouble
    assert trouble == "Budget per pixel must lie between 0 and 255; it is 300."


def test_budgets_to_craft_anew_at_are_chosen_from_lists_and_a_plans_own_is_kept(page: PlanPage) -> None:
    rows = page.sections["attacks"].rows
    control = rows["recrafting.budgets_255"].control
    assert isinstance(control, BudgetsChoice)
    assert [control.itemText(place) for place in range(control.count())] == [
        "No other budget",
        "4, 16, 64 /255",
        "2, 4, 8, 16, 32, 64 /255",
    ]
    control.setCurrentIndex(1)
    rows["recrafting.starts"].control.setValue(3)  # type: ignore[attr-defined]
    assert (page.plan.recrafting.budgets_255, page.plan.recrafting.starts) == ((4.0, 16.0, 64.0), 3)
    own = msgspec.structs.replace(page.plan.recrafting, budgets_255=(5.0,))
    page.show_plan(msgspec.structs.replace(page.plan, recrafting=own))
    assert control.currentText() == "5 /255"
    assert page.plan.recrafting == own


def test_devices_have_names_and_free_memory(page: PlanPage) -> None:
    device = page.sections["running"].rows["device"].control
    shown = [device.itemText(place) for place in range(device.count())]  # type: ignore[attr-defined]
    assert shown == [
        "Automatic: CPU, 2 cores, bf16",
        "AMD EPYC, 12.0 GiB free",
        "NVIDIA H100, 77.0 of 80 GiB free",
    ]
    device.choose("cuda:0")  # type: ignore[attr-defined]
    assert page.plan.device == "cuda:0"
    assert page.sections["running"].summary.endswith("NVIDIA H100")
    page.show_plan(msgspec.structs.replace(QUICK, device="cuda:3"))
    row = page.sections["running"].rows["device"]
    assert row.trouble == "Device must be on this machine; it is cuda:3."
    assert not page.heading.enabled


def test_a_plan_is_saved_loaded_and_duplicated(
    page: PlanPage, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    page.files.save()
    assert page.heading.detail == "Plan of the audit · mine.json"
    assert page.notice.sentence == "The plan was saved as mine.json."
    page.head.seed.setValue(9)
    assert page.heading.detail == "Plan of the audit · mine.json, changed since"
    assert page.files.load_file(path) is None
    assert page.plan == QUICK
    app.window.undo.undo()
    assert page.plan.seed == 9
    page.files.duplicate()
    assert (page.plan.seed, page.heading.detail) == (10, "Plan of the audit")
    path.write_bytes(b"{}x")
    before = page.plan
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    page.files.load()
    assert page.plan == before
    assert page.notice.sentence == "mine.json is no audit plan of version 1."


def test_cards_stand_side_by_side_where_there_is_room(theme: Theme, qtbot: QtBot) -> None:
    flow = CardFlow(theme)
    qtbot.addWidget(flow)
    cards = [EntryCard(entry) for entry in fake_engine.sample_catalogue().attacks[:3]]
    for card in cards:
        card.unfolded.connect(flow.arrange)
        flow.add(card)
    flow.resize(800, 600)
    flow.show()
    qtbot.waitUntil(lambda: cards[0].y() == cards[1].y() < cards[2].y())
    assert flow.columns == 2
    cards[0].tick.setChecked(True)
    qtbot.mouseClick(cards[0]._more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: cards[0].width() > 700)
    qtbot.waitUntil(lambda: cards[1].y() > cards[0].y())
    flow.resize(500, 600)
    assert flow.columns == 1
