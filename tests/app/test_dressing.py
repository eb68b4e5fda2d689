"""When the look changes: what is in sight wears it at once, what is not before it is seen, and nobody waits long."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QStackedWidget

from zepad_app.app import App
from zepad_app.theme import Theme
from zepad_app.widgets.curve_plot import CurvePlot

OLD, NEW = "light", "dark"


@pytest.fixture
def stack(qtbot, theme: Theme) -> QStackedWidget:
    """Three pages, the first in sight."""
    theme.choose(OLD)
    made = QStackedWidget()
    qtbot.addWidget(made)
    for name in ("first", "second", "third"):
        page = QLabel(name)
        made.addWidget(page)
        theme.dress(page)
    made.show()
    return made


def sheets(stack: QStackedWidget) -> list[str]:
    return [stack.widget(place).styleSheet() for place in range(stack.count())]


def test_what_is_in_sight_is_dressed_at_once_and_the_rest_a_turn_each(stack, theme, qtbot) -> None:
    (old,) = set(sheets(stack))
    theme.choose(NEW)
    new, *late = sheets(stack)
    assert new != old
    assert late == [old, old]
    qtbot.waitUntil(lambda: set(sheets(stack)) == {new})


def test_a_page_is_never_seen_in_the_old_look(stack, theme) -> None:
    theme.choose(NEW)
    stack.setCurrentIndex(2)
    first, second, third = sheets(stack)
    assert third == first != second


def test_a_part_that_has_gone_meanwhile_is_left_alone(stack, theme, qtbot) -> None:
    theme.choose(NEW)
    gone = stack.widget(1)
    stack.removeWidget(gone)
    gone.deleteLater()
    qtbot.waitUntil(lambda: len(set(sheets(stack))) == 1)


def test_what_opens_beside_the_window_wears_its_look(app: App) -> None:
    app.window.show()
    app.theme.choose(NEW)
    app.window.recent.ensurePolished()
    assert app.window.recent.styleSheet() == app.window.rail.styleSheet() != ""
    assert not app.window.styleSheet()


def test_a_curve_out_of_sight_is_drawn_in_the_new_look_when_it_is_shown(qtbot, theme) -> None:
    theme.choose(OLD)
    stack, plot = QStackedWidget(), CurvePlot(theme, "Loss", "step")
    qtbot.addWidget(stack)
    for page in (QLabel("first"), plot):
        stack.addWidget(page)
    stack.show()
    ink = plot.plot.axis("left").textPen().color().name()
    theme.choose(NEW)
    assert plot.plot.axis("left").textPen().color().name() == ink
    stack.setCurrentIndex(1)
    assert plot.plot.axis("left").textPen().color().name() == QColor(theme.tokens.ink_soft).name() != ink
