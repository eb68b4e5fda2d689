"""Sweeps on the results page: every point and band is the report's, the floor is drawn where it means something."""

from __future__ import annotations

import msgspec
import pyqtgraph as pg
import pytest

from tests.support.sample_report import sample_report
from zepad_app.results.budget_tab import BudgetTab
from zepad_app.results.sweep_groups import SweepGroup, floor_of, sweep_groups, swept_tasks


@pytest.fixture
def tab(qtbot, theme):
    made = BudgetTab(theme)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show_report(sample_report())
    made.turns.settle()
    made.show()
    return made


def items(plot, kind):
    return [item for item in plot.plot.drawn if isinstance(item, kind)]


def test_a_card_per_setting_in_a_fixed_order(tab):
    assert tab.task.task == "signs"
    assert [plot._group.title for plot in tab.plots] == [
        "Budget",
        "Steps of the attack",
        "Sharpness k of the fusion",
        "Margin of the detector",
    ]


def test_lines_bands_and_the_floor_are_the_reports(tab):
    report, plot = sample_report(), tab.plots[0]
    sweeps = [sweep for sweep in report.sweeps if sweep.quantity == "epsilon_255"]
    drawn = [[point.pos().y() for point in item.points()] for item in items(plot, pg.ScatterPlotItem)]
    assert drawn == [[rate.value for _, rate in sweep.points] for sweep in sweeps]
    bands = items(plot, pg.FillBetweenItem)
    for band, sweep in zip(bands, sweeps, strict=True):
        low, high = (list(curve.getData()[1]) for curve in band.curves)
        assert low == [rate.low for _, rate in sweep.points]
        assert high == [rate.high for _, rate in sweep.points]
    levels = [set(item.getData()[1]) for item in items(plot, pg.PlotCurveItem)]
    assert {133 / 325} in levels
    key = plot.keys()[-1]
    assert key.text == "Largest class"
    assert key.hint == "133 of 325 test images, 40.9 %: what one answer for every image gets right."


def test_of_a_report_that_knows_no_class_counts_the_floor_is_one_class_and_says_so():
    report = sample_report()
    older = tuple(msgspec.structs.replace(data, largest_class=None) for data in report.data)
    floor = floor_of(msgspec.structs.replace(report, data=older), "signs")
    assert (floor.share, floor.name) == (1 / 8, "1 of 8 classes")
    assert "does not say" in floor.hint
    assert floor_of(report, "openmoji") is None
    assert floor_of(report, "unheard of") is None


def test_there_is_no_floor_where_accuracy_is_not_attacked_harder():
    groups = {group.quantity: group for group in sweep_groups(sample_report(), "signs")}
    assert groups["steps"].floor.share == 133 / 325
    assert (groups["k"].floor, groups["margin"].floor) == (None, None)


def test_settings_far_apart_stand_on_a_logarithmic_axis():
    groups = {group.quantity: group for group in sweep_groups(sample_report(), "signs")}
    assert groups["epsilon_255"].place(0.0) == 0.0
    assert groups["epsilon_255"].place(127.0) == pytest.approx(7.0)
    assert groups["k"].place(8.0) == 8.0
    points = tuple((price, groups["k"].sweeps[0].points[0][1]) for price in (0.01, 0.1, 1.0, 100.0))
    sweep = msgspec.structs.replace(groups["k"].sweeps[0], quantity="lambda", points=points)
    prices = SweepGroup(quantity="lambda", task="x", sweeps=(sweep,))
    assert prices.place(0.1) - prices.place(0.01) == pytest.approx(prices.place(1.0) - prices.place(0.1))
    assert SweepGroup(quantity="new", task="x", sweeps=()).axis == "new"


def test_the_plot_can_be_heard_and_its_figures_taken(tab):
    told = tab.plots[0].accessibleDescription()
    assert "Undefended, PGD on the system: 88.3 % at 0, 0.0 % at 127.5, n 128" in told
    rows = tab.plots[0].figures()
    assert rows[0][4] == "epsilon_255"
    assert len(rows) == 1 + 12


def test_a_task_without_a_budget_says_where_it_was_swept(tab):
    report = sample_report()
    other = msgspec.structs.replace(report.sweeps[-1], task="emoji")
    tab.show_report(msgspec.structs.replace(report, sweeps=(*report.sweeps, other)))
    assert swept_tasks(msgspec.structs.replace(report, sweeps=(other, *report.sweeps))) == ("signs", "emoji")
    tab.task.choose("emoji")
    tab.turns.settle()
    assert len(tab.plots) == 1
    assert tab.note.text().endswith("Budget and steps were swept on Traffic signs only.")


def test_a_perturbation_crafted_anew_has_charts_of_its_own_and_says_what_its_bands_hold(tab):
    report = sample_report()
    assert "crafted anew" not in tab.note.text()
    pgd = [sweep for sweep in report.sweeps if sweep.quantity == "epsilon_255"]
    anew = [msgspec.structs.replace(sweep, attack="advencoder_per", points=sweep.points[:3]) for sweep in pgd]
    tab.show_report(msgspec.structs.replace(report, sweeps=(*anew, *report.sweeps)))
    tab.turns.settle()
    name = next(attack.name for attack in report.attacks if attack.key == "advencoder_per")
    shown = {plot._group.title: plot._group.sweeps for plot in tab.plots}
    assert shown[f"Budget: {name} crafted anew"] == tuple(anew)
    assert shown["Budget"] == tuple(pgd)
    assert "the bands hold the draw of test images, not that of the crafting" in tab.note.text()


def test_an_audit_without_sweeps_says_so(tab):
    tab.show_report(msgspec.structs.replace(sample_report(), sweeps=()))
    assert tab.plots == []
    assert tab.note.text() == "This audit swept no setting."
