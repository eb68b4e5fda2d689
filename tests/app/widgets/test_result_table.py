import csv

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication

from tests.support.sample_report import sample_report
from zepad_app.theme import Theme
from zepad_app.widgets.figure_menu import figures_as_csv
from zepad_app.widgets.result_table import ResultTable


@pytest.fixture
def view(qtbot):
    made = ResultTable(Theme("light"))
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.rates.show_report(sample_report())
    made.show()
    return made


def test_ctrl_c_copies_the_selected_cells_as_tsv(view, qtbot):
    model = view.rates
    for row in (0, 1):
        for column in (1, 2):
            view.selectionModel().select(model.index(row, column), QItemSelectionModel.SelectionFlag.Select)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    expected = [["Defence", "Emoji groups"], *([model.index(r, c).data() for c in (1, 2)] for r in (0, 1))]
    assert QGuiApplication.clipboard().text() == "\n".join("\t".join(row) for row in expected)
    assert expected[1][0] == "Undefended"


def test_without_a_selection_everything_is_copied(view, qtbot):
    view.clearSelection()
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert len(lines) == 1 + view.rates.rowCount()
    assert lines[0].split("\t")[:2] == ["Attack", "Defence"]


def test_a_click_on_a_head_sorts(view, qtbot):
    header = view.horizontalHeader()
    x = header.sectionViewportPosition(2) + 20
    qtbot.mouseClick(
        header.viewport(), Qt.MouseButton.LeftButton, pos=header.viewport().rect().center().__class__(x, 10)
    )
    assert header.sortIndicatorSection() == 2
    first, second = (view.rates.index(row, 2).data(Qt.ItemDataRole.UserRole + 1).value for row in (0, 1))
    falling = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
    assert first >= second if falling else first <= second


def test_all_rows_are_in_sight_without_scrolling_the_table(view):
    assert view.verticalScrollBar().maximum() == 0


def test_figures_to_save_are_those_of_the_table(view):
    rows = list(csv.reader(figures_as_csv(view.figures()).splitlines()))
    assert len(rows) == len(view.rates.long_figures())
    assert rows[1] == [str(item) for item in view.rates.long_figures()[1]]
