import pytest
from PySide6.QtCore import Qt

from tests.support.sample_rates import ATTACKS, TASKS
from tests.support.sample_report import sample_report
from zepad_app.results.rate_table import RATE_ROLE, RateTable
from zepad_app.results.wording import defence_name, rate_hint, rate_text

ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


@pytest.fixture
def table(qapp):
    made = RateTable()
    made.show_report(sample_report())
    return made


def column(table, number, role=Qt.ItemDataRole.DisplayRole):
    return [table.index(row, number).data(role) for row in range(table.rowCount())]


def test_cells_say_the_rates_of_the_report(table):
    cells = {(c.defence, c.attack, c.task): c for c in sample_report().cells}
    assert table.index(0, 1).data() == "Undefended"
    found = cells["undefended", "advencoder_per", "emoji"].ra
    assert table.index(0, 2).data() == rate_text(found)
    assert table.index(0, 2).data(Qt.ItemDataRole.ToolTipRole) == rate_hint(found)
    assert f"{found.n:,} images" in table.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)


def test_columns_are_the_tasks_and_both_means(table):
    heads = [table.headerData(n, Qt.Orientation.Horizontal) for n in range(table.columnCount())]
    assert heads == [
        "Attack",
        "Defence",
        "Emoji groups",
        "Traffic signs",
        "Satellite climate",
        "Fashion-MNIST",
        "Mean",
        "Mean, unseen",
    ]
    mean = next(
        a for a in sample_report().averages if a.defence == "undefended" and a.attack == "l4a_base" and a.unseen
    )
    row = column(table, 0).index("PAP L4A-base")
    assert table.index(row, 7).data(RATE_ROLE) == mean.ra


@pytest.mark.parametrize("order", [ASCENDING, DESCENDING])
def test_sorting_by_a_task_orders_the_defences_within_each_attack(table, order):
    table.sort(4, order)
    attacks = column(table, 0)
    assert list(dict.fromkeys(attacks)) == list(ATTACKS.values())
    size = len(attacks) // len(ATTACKS)
    values = [rate.value for rate in column(table, 4, RATE_ROLE)]
    for start in range(0, len(values), size):
        group = values[start : start + size]
        assert group == sorted(group, reverse=order is DESCENDING)
        assert len(set(attacks[start : start + size])) == 1


@pytest.mark.parametrize("measure", ["ra", "ba", "asr", "asr_of_correct"])
@pytest.mark.parametrize("order", [ASCENDING, DESCENDING])
def test_no_order_and_no_measure_hides_the_control_rows(table, measure, order):
    table.show_measure(measure)
    table.sort(2, order)
    groups = {attack: [] for attack in column(table, 0)}
    for attack, defence in zip(column(table, 0), column(table, 1), strict=True):
        groups[attack].append(defence)
    for defences in groups.values():
        assert defence_name("random_encoder") in defences
        assert defence_name("clean_ensemble") in defences


def test_clean_accuracy_needs_one_group_only(table):
    table.show_measure("ba")
    assert set(column(table, 0)) == {"Clean images"}
    cell = next(c for c in sample_report().cells if (c.defence, c.attack, c.task) == ("undefended", "none", "emoji"))
    assert table.index(0, 2).data() == rate_text(cell.ba)


def test_the_long_figures_hold_n_and_interval_of_every_rate(table):
    rows = table.long_figures()
    assert rows[0] == ["attack", "defence", "task", "measure", "value", "n", "low", "high"]
    cell = next(c for c in sample_report().cells if c.ra is not None and c.task == "signs" and c.defence == "zepad")
    assert [cell.attack, "zepad", "signs", "ra", cell.ra.value, cell.ra.n, cell.ra.low, cell.ra.high] in rows
    assert len(rows) == 1 + table.rowCount() * (len(TASKS) + 2)
