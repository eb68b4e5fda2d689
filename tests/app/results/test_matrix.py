"""The transfer matrix: every cell is the report's, groups stay together, and the scale is even and readable."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics

from tests.support.sample_report import sample_report
from zepad_app.colour_scale import contrast, heat, mixed
from zepad_app.results.matrix import AGAINST_ROLE
from zepad_app.results.matrix_tab import MatrixTab
from zepad_app.results.rate_table import RATE_ROLE
from zepad_app.tokens import load_tokens


@pytest.fixture
def tab(qtbot, theme):
    made = MatrixTab(theme)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show_report(sample_report())
    made.show()
    return made


def rows(tab):
    model = tab.table.matrix
    return {model.index(row, 0).data(): row for row in range(model.rowCount())}


def rate(tab, attack, task):
    model = tab.table.matrix
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    return model.index(rows(tab)[attack], heads.index(task)).data(RATE_ROLE)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_names_have_their_room_and_rates_are_of_one_width_where_there_is_room(tab, qtbot, theme, scale):
    theme.set_scale(scale)
    qtbot.wait(20)
    table, header = tab.table, tab.table.horizontalHeader()
    widths = [header.sectionSize(column) for column in range(table.matrix.columnCount())]
    caption = QFontMetrics(theme.font("caption"))
    for column, width in enumerate(widths):
        head = str(table.matrix.headerData(column, Qt.Orientation.Horizontal))
        assert width >= caption.horizontalAdvance(head) + 16, head
    assert widths[0] >= QFontMetrics(theme.font("body")).horizontalAdvance("Transfer from the undefended") + 16
    assert sum(widths) == table.viewport().width()
    if scale == 1.0:
        assert len(set(widths[1:])) == 1


def test_cells_are_those_of_the_chosen_defence(tab):
    report = sample_report()
    for defence in ("undefended", "zepad"):
        tab.choose(defence)
        cells = {(c.attack, c.task): c for c in report.cells if c.defence == defence}
        assert rate(tab, "PAP L4A-base", "Traffic signs") == cells["l4a_base", "signs"].ra
        assert rate(tab, "Clean images", "Traffic signs") == cells["none", "signs"].ba
        own = {f.attack: f.accuracy for f in report.adaptive if f.defence == defence}
        assert rate(tab, "PGD on the system", "Traffic signs") == own["pgd"]
        assert rate(tab, "PGD on the system", "Emoji groups") is None
        worst = next(w for w in report.worst if (w.scope, w.defence, w.task) == ("universal", defence, "emoji"))
        assert rate(tab, "Worst of the attacks on encoders", "Emoji groups") == worst.accuracy
        mean = next(a for a in report.averages if (a.defence, a.attack, a.unseen) == (defence, "l4a_base", False))
        assert rate(tab, "PAP L4A-base", "Mean") == mean.ra


def test_attacks_say_what_they_were_made_against(tab):
    model = tab.table.matrix
    against = {name: model.index(row, 0).data(AGAINST_ROLE) for name, row in rows(tab).items()}
    assert against["AdvEncoder-PER"] == "the public encoder"
    assert against["Sign noise"] == "nothing: a control"
    assert against["PGD on the system"] == "this very system"


def test_a_click_on_a_task_sorts_within_the_groups(tab):
    model = tab.table.matrix
    tab.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    order = list(rows(tab))
    assert order[:4] == ["Clean images", "AdvEncoder-PER", "PAP L4A-base", "Sign noise"]
    tab.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    values = [model.index(row, 3).data(RATE_ROLE).value for row in (1, 2, 3)]
    assert values == sorted(values, reverse=True)
    assert next(iter(rows(tab))) == "Clean images"
    assert list(rows(tab))[-1].startswith("Worst of")


def test_the_csv_holds_every_cell_with_n_and_interval(tab):
    told = tab.table.figures()
    assert told[0] == ["defence", "attack", "made_against", "task", "accuracy", "n", "low", "high"]
    cell = next(
        c for c in sample_report().cells if (c.defence, c.attack, c.task) == ("undefended", "l4a_base", "signs")
    )
    wanted = [
        "undefended",
        "l4a_base",
        "the public encoder",
        "signs",
        cell.ra.value,
        cell.ra.n,
        cell.ra.low,
        cell.ra.high,
    ]
    assert wanted in told


def test_the_table_can_be_heard(tab):
    assert "AdvEncoder-PER: least 28.3 % ±2.8 on Satellite climate" in tab.table.accessibleDescription()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scale_is_even_in_lightness_and_ink_reads_on_all_of_it(scheme):
    tokens = load_tokens()[scheme]
    steps = [heat(tokens, step / 10) for step in range(11)]
    assert all(contrast(step, QColor(tokens.ink)) >= 4.5 for step in steps)
    # CIELAB lightness falls (or rises) in steps that differ little.
    lightness = [116 * (_luminance(step) ** (1 / 3)) - 16 for step in steps]
    gaps = [later - earlier for earlier, later in pairwise(lightness)]
    assert all(gap < 0 for gap in gaps) or all(gap > 0 for gap in gaps)
    assert max(map(abs, gaps)) < 1.6 * min(map(abs, gaps))


def _luminance(colour):
    black = QColor("black")
    return contrast(colour, black) * 0.05 - 0.05


def test_mixing_ends_at_its_ends():
    for share, end in ((0.0, "#0072b2"), (1.0, "#c4500a")):
        assert mixed(QColor("#0072b2"), QColor("#c4500a"), share).name() == end


def test_a_defence_without_cells_of_its_own_is_not_offered(tab):
    report = sample_report()
    few = msgspec.structs.replace(report, cells=tuple(c for c in report.cells if c.defence == "zepad"))
    tab.show_report(few)
    assert [tab.defence.itemData(at) for at in range(tab.defence.count())] == ["zepad"]
    assert rate(tab, "PAP L4A-base", "Traffic signs") is not None
