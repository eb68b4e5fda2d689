"""Perturbation files on the plan page: chosen, several of them, renamed with their file, and told in words."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.plan_sections import AttackSection
from zepad_app.pages.plan_words import attack_names, summaries, threat_in_words
from zepad_app.results.recipe_tab import RecipeTab
from zepad_app.theme import Theme
from zepad_app.widgets.attack_cards import AttackCard
from zepad_app.widgets.file_input import FileInput
from zepad_engine.plan import AuditPlan, Choice, imported_choice


@pytest.fixture
def page(app: App, engine: FakeEngine) -> PlanPage:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan(attacks=(Choice(key="sign_noise"),)))
    found = app.window.pages.page("plan")
    assert isinstance(found, PlanPage)
    return found


def section_of(page: PlanPage) -> AttackSection:
    section = page.sections["attacks"]
    assert isinstance(section, AttackSection)
    return section


def choose_file(page: PlanPage, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    control = section_of(page).cards["imported"].form.control("file")
    assert isinstance(control, FileInput)
    control.findChildren(QPushButton)[0].click()


def test_a_ticked_card_asks_for_its_file_and_names_the_attack_after_it(
    page: PlanPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = section_of(page).cards["imported"]
    card.tick.setChecked(True)
    assert not card.form.isHidden()
    assert not page.heading.enabled
    said = [words.text() for words in section_of(page).findChildren(QLabel) if words.property("meaning") == "warning"]
    assert "The imported perturbation names no file." in said
    choose_file(page, "/p/UAP one.npy", monkeypatch)
    assert page.plan.attacks == (
        Choice(key="sign_noise"),
        Choice(key="imported", name="uap-one", values={"file": "/p/UAP one.npy"}),
    )
    assert page.heading.enabled
    # Another file is another attack, with another name.
    choose_file(page, "/p/two.pt", monkeypatch)
    assert page.plan.attacks[1].identity == "imported-two"
    assert card.tick.text() == "Imported perturbation: two.pt"
    card.tick.setChecked(False)
    assert page.plan.attacks == (Choice(key="sign_noise"),)


def test_several_files_have_a_card_each(page: PlanPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/p/a.npy", "/q/a.npy"], ""))
    section_of(page).set_open(True)
    button = next(b for b in section_of(page).findChildren(QPushButton) if b.text() == "Add perturbation files…")
    button.click()
    page.add_perturbations((Path("/p/c.pt"),))
    assert [choice.identity for choice in page.plan.attacks] == [
        "sign_noise",
        "imported-a",
        "imported-a-2",
        "imported-c",
    ]
    assert [choice.values.get("file", "") for choice in page.plan.attacks] == ["", "/p/a.npy", "/q/a.npy", "/p/c.pt"]
    section_of(page).more["imported"][0].tick.setChecked(False)
    assert [choice.identity for choice in page.plan.attacks] == ["sign_noise", "imported-a", "imported-c"]


def test_a_plan_with_several_comes_back_as_it_was(page: PlanPage) -> None:
    named = Choice(key="imported", name="mine", values={"file": "/p/b.npy"})
    attacks = (imported_choice("/p/a.npy"), named, Choice(key="l4a_base", values={"steps": 50}))
    page.show_plan(msgspec.structs.replace(page.plan, attacks=attacks))
    page.show_plan(msgspec.structs.replace(page.plan, attacks=attacks))
    assert len(section_of(page).more["imported"]) == 1
    assert section_of(page).chosen() == (attacks[2], *attacks[:2])
    page.show_plan(msgspec.structs.replace(page.plan, attacks=attacks[2:]))
    assert section_of(page).more == {}
    assert section_of(page).chosen() == attacks[2:]


def test_the_words_say_that_it_was_made_elsewhere() -> None:
    catalogue = fake_engine.sample_catalogue()
    plan = AuditPlan(attacks=(Choice(key="sign_noise"), imported_choice("/p/uap.npy")))
    assert threat_in_words(plan, catalogue).endswith(
        "They do not know of the defence. 1 perturbation from a file beside these: made elsewhere, nobody says with"
        " what."
    )
    assert summaries(plan, catalogue)["threat"].endswith("the attacker has the encoder only")
    assert attack_names(plan, catalogue) == {
        "sign_noise": "Sign noise (control)",
        "imported-uap": "Imported perturbation (uap)",
    }
    assert summaries(plan, catalogue)["attacks"] == "Sign noise (control), Imported perturbation (uap)"


REMARK = "Its largest value is 20.00/255, above the budget of 10/255: 66.7 % of its values were clipped to it."
FOUND = msgspec.structs.replace(
    sample_report().attacks[0],
    key="imported-uap",
    name="Imported perturbation (uap)",
    origin="elsewhere",
    source="uap.npy",
    source_sha256="ab" * 32,
    steps=0,
    remarks=(REMARK,),
)


def test_its_card_shows_the_file_and_what_was_done_to_it(app: App, theme: Theme, tmp_path: Path) -> None:
    card = AttackCard(theme, FOUND, tmp_path, (None, None))
    shown = [label.text() for label in card.findChildren(type(card.sentence))]
    assert card.sentence.text() == "Made elsewhere and imported."
    assert {REMARK, "uap.npy", "not known"} <= set(shown)
    assert not {"Steps", "Crafted in", "Seed"} & set(shown)
    card.deleteLater()


def test_the_recipe_lists_the_remarks(app: App, theme: Theme) -> None:
    tab = RecipeTab(theme)
    tab.show_report(msgspec.structs.replace(sample_report(), attacks=(FOUND,)))
    shown = "\n".join(label.text() for label in tab.findChildren(type(theme.label(""))))
    assert f"– Imported perturbation (uap): {REMARK}" in shown
    tab.deleteLater()
