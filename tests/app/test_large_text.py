"""The smallest window with the largest text: nothing is cut off at the side, on any page, in any tab."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from tests.app.test_screenshots import SIZES, STATES
from tests.support.fake_engine import FakeEngine
from tests.support.settling import settle
from zepad_app.app import App
from zepad_app.inspection.place_pane import PlacePane
from zepad_app.pages.results import ResultsPage
from zepad_app.preferences import TEXT_SCALES
from zepad_app.widgets.cell_grid import CellGrid

NO_BUTTON, NO_KEY = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier

pytestmark = pytest.mark.slow


def too_wide(app: App, qtbot: QtBot) -> list[str]:
    """What of the page in front is wider than the place it is shown in, with how much."""
    window = app.window
    settle(window)
    qtbot.wait(200)
    found = [f"the window, {window.width()}"] if window.width() > SIZES["-small"].width() else []
    for area in window.stack.currentWidget().findChildren(QScrollArea):
        inside = area.widget()
        if area.isVisible() and inside is not None and inside.width() > area.viewport().width():
            found.append(f"{type(area).__name__}, {inside.width()} in {area.viewport().width()}")
    return found


def show(app: App, engine: FakeEngine, state: str) -> None:
    app.theme.set_scale(TEXT_SCALES[-1])
    STATES[state](app, engine)
    app.window.resize(SIZES["-small"])
    app.window.show()


@pytest.mark.parametrize(
    "state",
    [
        *("drop", "drop-encoder", "plan-wrong", "running-tuning", "running-crafting", "running-results"),
        *("history", "compare", "inspect"),
    ],
)
def test_no_page_is_cut_off(app: App, engine: FakeEngine, qtbot: QtBot, state: str) -> None:
    show(app, engine, state)
    assert too_wide(app, qtbot) == []


def test_figures_so_far_are_never_cut(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    show(app, engine, "running-results")
    settle(app.window)
    cells = app.window.stack.currentWidget().findChild(CellGrid)
    assert cells is not None
    widest = max(map(cells.fontMetrics().horizontalAdvance, cells.texts()))
    assert widest > cells.fontMetrics().horizontalAdvance("100.0 %")
    assert min(cells.columnWidth(column) for column in range(cells.columnCount())) > widest
    # What does not fit is scrolled to, below rows that are all there.
    assert cells.viewport().height() >= sum(cells.rowHeight(row) for row in range(cells.rowCount()))


def test_the_words_below_the_map_do_not_stand_on_it(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    show(app, engine, "inspect-where")
    settle(app.window)
    pane = app.window.stack.currentWidget().findChild(PlacePane)
    assert pane is not None
    parts = (pane.map, pane.legend, pane.words)

    def apart() -> bool:
        return all(above.geometry().bottom() < below.geometry().top() for above, below in pairwise(parts))

    qtbot.waitUntil(lambda: apart() and pane.words.height() >= pane.words.heightForWidth(pane.words.width()))


def test_no_tab_of_the_results_is_cut_off(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    show(app, engine, "results")
    page = app.window.stack.currentWidget()
    assert isinstance(page, ResultsPage)
    cut = {}
    for place in range(page.tabs.count()):
        page.tabs.setCurrentIndex(place)
        cut[page.tabs.tabText(place)] = too_wide(app, qtbot)
    assert len(cut) == 11
    assert {name: wide for name, wide in cut.items() if wide} == {}


def test_the_verdict_is_lifted_out_of_sight_before_a_tab_scrolls(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    show(app, engine, "results")
    page = app.window.stack.currentWidget()
    assert isinstance(page, ResultsPage)
    qtbot.wait(60)
    outer, inner = page.lifting.verticalScrollBar(), page.tab("Summary").verticalScrollBar()  # type: ignore[attr-defined]
    assert outer.maximum() > 200
    assert page.tabs.height() >= 450
    place = QPointF(50, 50)
    for _ in range(40):
        down = QWheelEvent(
            place, place, QPoint(), QPoint(0, -120), NO_BUTTON, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(page.tab("Summary").viewport(), down)  # type: ignore[attr-defined]
        assert outer.value() == outer.maximum() or inner.value() == 0
    assert (outer.value(), inner.value() > 0) == (outer.maximum(), True)
    app.theme.set_scale(1.0)
    app.window.resize(SIZES[""])
    qtbot.waitUntil(lambda: outer.maximum() == 0)


@pytest.mark.parametrize("scale", TEXT_SCALES)
def test_the_rail_stays_as_wide_and_cuts_no_word_whichever_place_is_shown(app: App, qtbot: QtBot, scale: float) -> None:
    app.theme.set_scale(scale)
    app.window.show()
    widths = set()
    for place in ("drop", "results", "inspect", "history"):
        app.window.show_page(place)
        qtbot.wait(20)
        widths.add(app.window.rail.width())
        for key in ("audit", "results", "inspect", "history"):
            button = app.window.rail.button(key)
            assert button.width() >= button.sizeHint().width()
    assert len(widths) == 1


def test_the_words_of_a_choice_are_whole_where_there_is_room(app: App, engine: FakeEngine, qtbot: QtBot) -> None:
    engine.be_ready()
    app.window.resize(SIZES[""])
    app.window.show()
    app.window.show_page("results")
    qtbot.wait(20)
    STATES["results"](app, engine)
    page = app.window.stack.currentWidget()
    assert isinstance(page, ResultsPage)
    settle(page)
    qtbot.wait(60)
    box = page.tab("Summary").choice.box  # type: ignore[attr-defined]
    assert box.width() >= box.fontMetrics().horizontalAdvance(box.currentText()) + 30


@pytest.mark.parametrize("scale", [1.0, TEXT_SCALES[-1]])
def test_the_page_scrolls_beside_its_tab_only_where_both_do_not_fit(
    app: App, engine: FakeEngine, qtbot: QtBot, scale: float
) -> None:
    show(app, engine, "results")
    app.theme.set_scale(scale)
    page = app.window.stack.currentWidget()
    assert isinstance(page, ResultsPage)
    settle(app.window)
    qtbot.wait(200)
    assert (page.lifting.verticalScrollBar().maximum() > 0) == (scale > 1)
    # The head is whole all the same.
    assert all(tile.height() >= tile.heightForWidth(tile.width()) for tile in page.banner.tiles)
    assert page.tabs.height() >= 0.85 * 300 * scale
