"""Attacks on the defended system, as the plan page shows and edits them; and their stages while it runs."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtWidgets import QLabel, QScrollArea

from tests.support import fake_engine
from tests.support.fake_engine import FakeEngine
from tests.support.story_shots import shoot
from zepad_app.app import App
from zepad_app.pages.adaptive_section import AdaptiveSection
from zepad_app.pages.entries_section import GroupBox
from zepad_app.pages.plan import PlanPage
from zepad_app.pages.running import RunningPage
from zepad_engine.plan import Adaptive, AuditPlan, Choice
from zepad_engine.presets import with_preset


@pytest.fixture
def page(app: App, engine: FakeEngine) -> PlanPage:
    engine.be_ready()
    app.window.pages.edit_plan(AuditPlan())
    found = app.window.pages.page("plan")
    assert isinstance(found, PlanPage)
    return found


def section_of(page: PlanPage) -> AdaptiveSection:
    section = page.sections["adaptive"]
    assert isinstance(section, AdaptiveSection)
    return section


def test_a_tick_puts_the_attack_and_its_fields_into_the_plan(page: PlanPage) -> None:
    section = section_of(page)
    assert section.summary == "None: what an attacker can do who has the system stays unknown"
    section.cards["square"].tick.setChecked(True)
    section.cards["pgd"].tick.setChecked(True)
    section.cards["pgd"].form.control("restarts").setValue(5)  # type: ignore[attr-defined]
    assert page.plan.adaptive.attacks == (Choice(key="pgd", values={"restarts": 5}), Choice(key="square"))
    assert page.plan.attacks == AuditPlan().attacks
    assert section.summary == "2 attacks on 4 systems; 128 images of 1 task"
    section.cards["pgd"].tick.setChecked(False)
    assert page.plan.adaptive.attacks == (Choice(key="square"),)


def test_images_tasks_and_checks_reach_the_plan(page: PlanPage) -> None:
    section = section_of(page)
    for field, value in (("images", 256), ("tasks", 2), ("checked_images", 0)):
        section.rows[f"adaptive.{field}"].control.setValue(value)  # type: ignore[attr-defined]
    adaptive = page.plan.adaptive
    assert (adaptive.images, adaptive.tasks, adaptive.checked_images) == (256, 2, 0)
    assert section.rows["adaptive.checked_images"].control.text() == "no checks"  # type: ignore[attr-defined]


def test_too_few_images_are_said_beside_the_field(page: PlanPage) -> None:
    row = section_of(page).rows["adaptive.images"]
    row.control.setValue(4)  # type: ignore[attr-defined]
    assert row.trouble == "Images attacked per task must lie between 8 and 1e+06; it is 4."
    assert not page.heading.enabled


def test_the_systems_are_those_of_the_plan(page: PlanPage) -> None:
    section = section_of(page)
    assert list(section.systems) == [choice.key for choice in AuditPlan().defences]
    ticked = [key for key, box in section.systems.items() if box.isChecked()]
    assert ticked == ["undefended", "clean_ensemble", "zepad", "zepad_no_bmp"]
    section.systems["mean_fusion"].setChecked(True)
    section.systems["undefended"].setChecked(False)
    assert page.plan.adaptive.defences == ("clean_ensemble", "zepad", "zepad_no_bmp", "mean_fusion")


def test_a_system_left_out_of_the_plan_keeps_its_tick_for_later(page: PlanPage) -> None:
    section = section_of(page)
    zepad = page.sections["defence"].cards["zepad"].tick  # type: ignore[attr-defined]
    zepad.setChecked(False)
    assert "zepad" not in section.systems
    section.systems["random_encoder"].setChecked(True)
    assert "zepad" in page.plan.adaptive.defences
    zepad.setChecked(True)
    assert section.systems["zepad"].isChecked()
    assert section.systems["random_encoder"].isChecked()


def test_a_plan_comes_back_as_it_was(page: PlanPage) -> None:
    attacks = (Choice(key="pgd", values={"steps": 20}), Choice(key="evading", name="mild"), Choice(key="evading"))
    plan = msgspec.structs.replace(AuditPlan(), adaptive=Adaptive(attacks=attacks, images=64, defences=("zepad",)))
    page.show_plan(plan)
    section = section_of(page)
    assert section.chosen() == attacks
    assert [key for key, box in section.systems.items() if box.isChecked()] == ["zepad"]
    assert page.plan == plan


def test_a_preset_ticks_its_attacks(page: PlanPage) -> None:
    page.head.presets.choose("quick")
    expected = with_preset(AuditPlan(), "quick", fake_engine.sample_catalogue()).adaptive
    assert page.plan.adaptive == expected
    section = section_of(page)
    assert [key for key, card in section.cards.items() if card.tick.isChecked()] == ["pgd", "evading"]
    assert section.rows["adaptive.images"].control.text() == "64"  # type: ignore[attr-defined]


def test_the_cards_stand_under_what_their_attacker_has(page: PlanPage) -> None:
    section = section_of(page)
    section.draw()
    boxes = section.findChildren(GroupBox)
    assert {box.group.title: [entry.key for entry in box.group.entries] for box in boxes} == {
        "With the system in hand": ["pgd", "evading"],
        "By asking": ["square"],
    }
    told = [words.text() for words in section.cards["evading"].findChildren(QLabel)]
    assert any(text.startswith("Counts only where the image is not flagged. Misleads") for text in told)


def test_the_section_is_drawn_light_and_dark(app: App, page: PlanPage, qtbot) -> None:
    app.window.resize(1280, 800)
    app.window.show_page("plan")
    page.head.presets.choose("quick")
    page.sections["threat"].set_open(False)
    section_of(page).set_open(True)
    app.window.show()
    bar = page.findChild(QScrollArea).verticalScrollBar()  # type: ignore[union-attr]
    bar.rangeChanged.connect(lambda _low, high: bar.setValue(high // 2))
    shoot(app, qtbot, "plan-adaptive")
    assert section_of(page).cards["pgd"].isVisible()


def test_the_running_page_lists_both_new_stages(app: App, engine: FakeEngine, qtbot) -> None:
    engine.be_ready()
    run = app.model.start(AuditPlan())
    folder = app.model.state.run_folder
    assert folder is not None
    engine.say(
        fake_engine.started(run, folder),
        fake_engine.progressed(run, "heads", 1.0, 0.8, 20),
        fake_engine.progressed(run, "adapt", 0.4, 0.84, 31, "ZePAD: PGD on the system"),
    )
    page = app.window.pages.page("running")
    assert isinstance(page, RunningPage)
    told = [words.text() for words in page.stages.findChildren(QLabel)]
    assert "Attack the defended systems" in told
    assert "Check trust, features, retrieval" in told
    assert "ZePAD: PGD on the system" in told
    app.window.resize(1280, 800)
    app.window.show()
    shoot(app, qtbot, "running-adapting")
