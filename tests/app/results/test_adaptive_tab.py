"""Trust lights, a withheld verdict and the attacks on the systems, as the results page shows them."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from tests.support.sample_evidence import LEFT, sample_adaptive
from tests.support.sample_lights import RED, with_red_light
from tests.support.sample_report import sample_report
from tests.support.story_shots import shoot
from zepad_app.app import App
from zepad_app.pages.results import ResultsPage
from zepad_app.results.adaptive_tab import AdaptiveTab
from zepad_app.results.headline import headline_of
from zepad_app.results.lamp_row import LampRow
from zepad_app.results.light_board import LightBoard
from zepad_app.results.wording import defence_name, rate_text, unbroken
from zepad_app.settings import Settings
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_app.undoing import UndoStack
from zepad_app.widgets.rate_label import RateLabel


@pytest.fixture
def tab(qtbot, theme):
    made = AdaptiveTab(theme)
    qtbot.addWidget(made)
    made.show_report(sample_report())
    return made


def words(widget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if not isinstance(label, RateLabel)]


def figures(widget) -> list[str]:
    return [label.accessibleName() for label in widget.findChildren(RateLabel)]


def test_the_table_holds_every_figure_in_its_place(tab):
    found = {(run.attack, run.defence): run for run in sample_adaptive()}
    attacks = tuple(dict.fromkeys(attack for attack, _ in found))
    whole = {case.defence: case for case in sample_report().worst if case.scope == "all"}
    expected = [rate_text(found["pgd", defence].clean_accuracy) for defence in LEFT]
    expected += [rate_text(found[attack, defence].accuracy) for attack in attacks for defence in LEFT]
    expected += [rate_text(whole[defence].accuracy) for defence in LEFT]
    assert figures(tab) == expected
    assert "37.5 % ±8.3" in expected


def test_what_is_wrong_and_not_flagged_stands_below_the_defence_with_a_detector(tab):
    unseen = [text for text in words(tab) if text.startswith("wrong, not flagged")]
    runs = [run for run in sample_adaptive() if run.defence == "zepad"]
    whole = next(case for case in sample_report().worst if (case.scope, case.defence) == ("all", "zepad"))
    assert unseen == [f"wrong, not flagged {rate_text(item.evaded)}" for item in (*runs, whole)]


def test_each_attack_says_what_its_attacker_has_and_what_it_cost(tab):
    told = words(tab)
    assert "white-box · 500 steps · 5 restarts" in told
    assert "black-box · 2,000 steps" in told
    assert "white-box · 500 steps · 5 restarts · must not be flagged" in told
    hints = [label.toolTip() for label in tab.findChildren(RateLabel)]
    assert "212,480 queries in 42 s" in hints[3 * len(LEFT)]
    assert "of 128 images" in hints[3 * len(LEFT)]


def test_more_systems_than_fit_have_a_table_below(tab):
    one = sample_adaptive()[0]
    many = tuple(msgspec.structs.replace(one, defence=f"zepad-{number}") for number in range(6))
    tab.show_report(msgspec.structs.replace(sample_report(), adaptive=many, worst=()))
    # Clean and one attack on each.
    assert len([label for label in tab.findChildren(RateLabel) if not label.isHidden()]) >= 2 * len(many)
    assert [text for text in words(tab) if text.startswith("ZePAD (")] == [f"ZePAD ({number})" for number in range(6)]


def test_without_such_attacks_the_tab_says_so(tab):
    tab.show_report(msgspec.structs.replace(sample_report(), adaptive=(), worst=()))
    assert tab.note.text().startswith("This audit attacked no defended system")


def test_lights_are_listed_with_their_statement_worst_first(qtbot, theme):
    board = LightBoard(theme)
    qtbot.addWidget(board)
    board.show_report(with_red_light(sample_report()))
    assert [mark.light.colour for mark in board.marks] == 11 * ["green"] + ["red", "amber"] + 9 * ["green"]
    red = board.marks[11]
    assert red.light == RED
    assert red.accessibleName() == f"Gradients exist: red. {RED.statement}"
    told = words(board)
    assert RED.statement in told
    assert "ZePAD, checked on Traffic signs: 1 red, 1 amber, 9 green" in told


def test_lamps_are_one_row_told_by_keys_and_counted(qtbot, theme):
    row = LampRow(theme)
    qtbot.addWidget(row)
    row.show_report(with_red_light(sample_report()))
    row.show()
    assert row.count.text() == "Trust lights: 1 red, 1 amber, 20 green"
    naked, zepad = row.strips
    assert (naked.system, zepad.system) == ("Undefended", "ZePAD")
    assert zepad.accessibleDescription() == f"Gradients exist: red. {RED.statement}"
    qtbot.keyClick(zepad, Qt.Key.Key_Right)
    assert zepad.accessibleDescription().startswith("Converged: amber.")
    assert zepad.lamp(1).left() > zepad.lamp(0).right()
    with qtbot.waitSignal(row.opened):
        qtbot.keyClick(zepad, Qt.Key.Key_Return)


def test_without_lights_there_is_neither_row_nor_board(qtbot, theme):
    for made in (LightBoard(theme), LampRow(theme)):
        qtbot.addWidget(made)
        made.show_report(msgspec.structs.replace(sample_report(), lights=()))
        assert made.isHidden()


def test_a_red_light_withholds_the_verdict_and_its_end_brings_it_back(qtbot, theme, tmp_path):
    page = ResultsPage(theme, Thresholds(Settings()), UndoStack())
    qtbot.addWidget(page)
    report = with_red_light(sample_report())
    page.show_report(report, tmp_path)
    assert page.banner.verdict.text() == "No verdict"
    assert f"No verdict: {page.banner.reason.text()}" == report.summary.verdict
    assert not page.banner.reason.isHidden()
    page.show_report(sample_report(), tmp_path)
    assert page.banner.verdict.text() == unbroken(headline_of(sample_report()).sentence)
    assert page.banner.reason.isHidden()


def test_names_of_defences_are_the_reports_own():
    report = sample_report()
    named = msgspec.structs.replace(report.defences[0], name="The naked encoder")
    report = msgspec.structs.replace(report, defences=(named,))
    assert defence_name("undefended", report) == "The naked encoder"
    assert defence_name("undefended") == "Undefended"
    assert defence_name("zepad-k5", report) == "ZePAD (k5)"
    assert defence_name("gen_af") == "Gen-AF"


@pytest.mark.parametrize(("name", "tab_name"), [("summary", "Summary"), ("adaptive", "Adaptive")])
def test_both_tabs_are_drawn_light_and_dark(app: App, theme: Theme, qtbot, tmp_path, name, tab_name):
    page = app.window.pages.page("results")
    assert isinstance(page, ResultsPage)
    app.window.resize(1280, 800)
    page.show_report(with_red_light(sample_report()) if name == "summary" else sample_report(), tmp_path)
    app.window.show_page("results")
    page.tabs.setCurrentIndex([page.tabs.tabText(at) for at in range(page.tabs.count())].index(tab_name))
    app.window.show()
    shoot(app, qtbot, f"results-{name}")
    assert page.tab(tab_name).horizontalScrollBar().maximum() == 0
