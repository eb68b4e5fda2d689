"""The ablation bars: every bar is a rate of the report, every difference a paired test of it."""

from __future__ import annotations

import pyqtgraph as pg
import pytest

from tests.support.sample_report import sample_report
from zepad_app.results.ablation import ALL, UNSEEN, parts_of, scopes_of
from zepad_app.results.branches_tab import BranchesTab
from zepad_app.widgets.ablation_plot import difference_text


@pytest.fixture
def tab(qtbot, theme):
    made = BranchesTab(theme)
    qtbot.addWidget(made)
    made.resize(1200, 900)
    made.show_report(sample_report())
    made.show()
    return made


def bars(tab):
    items = tab.ablation.plot.drawn
    return [item.opts["width"] for item in items if isinstance(item, pg.BarGraphItem)]


def test_bars_are_the_rates_clean_and_attacked_from_the_whole_to_its_parts(tab):
    report = sample_report()
    means = {(m.defence, m.attack): m for m in report.averages if m.unseen}
    order = ["zepad", "zepad_no_bmp", "mean_fusion", "clean_ensemble", "random_encoder", "undefended"]
    expected = []
    for defence in order:
        mean = means[defence, "advencoder_per"]
        expected += [mean.ba.value, mean.ra.value]
    assert bars(tab) == expected
    assert [part.defence for part in parts_of(report, "advencoder_per", UNSEEN)] == order


def test_one_task_shows_its_cells_and_the_paired_difference():
    report = sample_report()
    parts = {part.defence: part for part in parts_of(report, "l4a_base", "signs")}
    cell = next(c for c in report.cells if (c.defence, c.attack, c.task) == ("zepad", "l4a_base", "signs"))
    assert (parts["zepad"].clean, parts["zepad"].robust) == (cell.ba, cell.ra)
    tested = next(pair for pair in report.pairs if pair.attack == "l4a_base")
    assert parts["undefended"].against == tested
    assert parts["zepad_no_bmp"].against is None


def test_means_have_no_paired_test():
    assert all(part.against is None for part in parts_of(sample_report(), "advencoder_per", ALL))


def test_a_difference_in_words():
    pair = next(p for p in sample_report().pairs if p.difference != 0)
    told = difference_text(pair)
    assert told.startswith(f"{100 * pair.difference:+.1f} [".replace("-", "\N{MINUS SIGN}"))
    assert ", p " in told


def test_the_choice_of_tasks_moves_the_bars(tab):
    assert [tab.scope.itemData(at) for at in range(tab.scope.count())] == list(scopes_of(sample_report()))
    before = bars(tab)
    tab.scope.setCurrentIndex(tab.scope.findData("signs"))
    assert bars(tab) != before
    assert "ZePAD without BMP: 89.5 % ±3.3 clean" in tab.ablation.accessibleDescription()
