"""Examples: grouped by the rule that chose them, for one attack and one task or all."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtWidgets import QLabel

from tests.support.sample_judgement import write_pictures
from tests.support.sample_report import sample_report
from zepad_app.results.examples_tab import ExamplesTab
from zepad_app.widgets.branch_maps import BranchMaps
from zepad_app.widgets.example_strip import ConfidenceBar


@pytest.fixture
def tab(qtbot, theme, tmp_path):
    made = ExamplesTab(theme)
    qtbot.addWidget(made)
    made.resize(1200, 900)
    write_pictures(tmp_path, side=4)
    made.show_report(sample_report(), tmp_path)
    made.turns.settle()
    made.show()
    return made


def words(tab):
    return [label.text() for label in tab.findChildren(QLabel)]


def test_every_rule_has_its_heading_and_its_strips(tab):
    heads = ["Worst for the undefended encoder", "Median", "Worst for ZePAD", "Drawn at random"]
    assert [word for word in words(tab) if word in heads] == heads
    assert "Among all test images, seed 0; the same images for every attack." in words(tab)
    assert [strip.found.chosen for strip in tab.strips][::4] == ["worst", "median", "worst for ZePAD", "random, seed 0"]
    assert len(tab.strips) == 16


def test_a_task_and_an_attack_can_be_chosen(tab):
    tab.task.choose("signs")
    tab.choice.choose("l4a_base")
    tab.turns.settle()
    assert [(strip.found.task, strip.found.attack) for strip in tab.strips] == [("signs", "l4a_base")] * 4
    tab.task.choose("")
    tab.turns.settle()
    assert len(tab.strips) == 16


def test_branches_are_told_with_confidence_and_weight(tab):
    bars = tab.strips[0].findChildren(ConfidenceBar)
    assert [bar.accessibleName() for bar in bars] == [
        "Tuned victim: confidence 90.0 %, weight 50.0 %",
        "Tuned auxiliary: confidence 70.0 %, weight 30.0 %",
        "Benign branch: confidence 50.0 %, weight 20.0 %",
    ]


def test_the_first_attacks_strips_show_where_each_branch_looks(tab):
    maps = tab.strips[0].findChild(BranchMaps)
    assert not maps.picture.image.isNull()
    assert maps.picture.accessibleName() == (
        "Where each branch looks: Victim 0 to 0.412; Tuned victim 0 to 0.107; Tuned auxiliary 0 to 0.058;"
        " Benign branch 0 to 0.331"
    )
    tab.choice.choose("l4a_base")
    tab.turns.settle()
    assert all(strip.findChild(BranchMaps) is None for strip in tab.strips)


def test_examples_of_an_older_report_keep_their_place(tab, tmp_path):
    report = sample_report()
    one = report.examples[0]
    old = msgspec.structs.replace(one, chosen="first flagged test image", branches=(), zepad_clean="", score=None)
    tab.show_report(msgspec.structs.replace(report, examples=(old,)), tmp_path)
    tab.turns.settle()
    assert len(tab.strips) == 1
    assert "Others" in words(tab)
    tab.show_report(msgspec.structs.replace(report, examples=()), tmp_path)
    assert "No example was stored." in words(tab)


def test_strips_come_one_by_one_and_a_new_choice_drops_those_that_wait(tab, qtbot):
    tab.choice.choose("sign_noise")
    assert len(tab.strips) == 1
    tab.task.choose("signs")
    qtbot.waitUntil(lambda: len(tab.strips) == 4)
    assert {strip.found.task for strip in tab.strips} == {"signs"}
