import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QWidget

from zepad_app.widgets.flow_row import FlowRow

# A widget that wants 100 by 20 pixels.
Block = type("Block", (QWidget,), {"sizeHint": lambda _self: QSize(100, 20)})


@pytest.fixture
def row(qtbot):
    made = FlowRow((Block(), Block(), Block()), last_right=True)
    qtbot.addWidget(made)
    return made


def test_what_does_not_fit_goes_below_and_the_last_keeps_right(row):
    assert [(p.x(), p.y()) for p in row.places(400)] == [(0, 0), (108, 0), (300, 0)]
    assert [(p.x(), p.y()) for p in row.places(250)] == [(0, 0), (108, 0), (150, 28)]
    assert (row.heightForWidth(400), row.heightForWidth(250), row.heightForWidth(100)) == (20, 48, 76)
    assert row.minimumSizeHint().width() == 100


def test_narrower_than_one_of_them_it_is_squeezed(qtbot):
    row = FlowRow((QLabel("a long word"), Block()))
    qtbot.addWidget(row)
    assert all(place.right() < 40 for place in row.places(40))
