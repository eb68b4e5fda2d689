"""The compare page: it asks once, shows what the engine found, and says what went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel

from tests.support.fake_engine import FakeEngine
from tests.support.sample_comparison import store_two
from tests.support.settling import settle
from zepad_app.app import App
from zepad_app.comparison.difference_table import COLUMNS, DIFFERENCE, HOLM
from zepad_app.pages.compare import ComparePage
from zepad_app.results.recipe_popover import RecipePopover
from zepad_engine.comparing.compare import compare, keep_comparison
from zepad_engine.comparison import Compare, Compared, points_text
from zepad_engine.messages import Failed
from zepad_engine.places import runs_folder


@pytest.fixture
def pair(own_home) -> tuple[Path, Path]:
    return store_two(runs_folder())


@pytest.fixture
def page(app: App, engine: FakeEngine, pair) -> ComparePage:
    engine.be_ready()
    app.window.show()
    found = app.window.pages.page("compare")
    assert isinstance(found, ComparePage)
    found.compare(*pair)
    app.window.show_page("compare")
    return found


def asked(engine: FakeEngine) -> Compare:
    request = engine.sent[-1]
    assert isinstance(request, Compare)
    return request


def answer(engine: FakeEngine, path: Path | None = None) -> None:
    request = asked(engine)
    path = path or keep_comparison(Path(request.first), Path(request.second))
    engine.say(Compared(request=request.request, first=request.first, second=request.second, path=str(path)))
    for window in QApplication.topLevelWidgets():
        settle(window)


def words(page: ComparePage) -> str:
    return "\n".join(label.text() for label in page.sheet.findChildren(QLabel) if label.isVisible())


def test_from_two_rows_of_the_history_to_the_comparison(app, engine, pair, qtbot):
    engine.be_ready()
    app.window.show()
    app.window.show_page("history")
    history = app.window.pages.page("history")
    qtbot.waitUntil(lambda: not history.library.busy)
    history.table.select(pair)
    app.window.header.primary.click()
    assert (asked(engine).first, asked(engine).second) == tuple(map(str, pair))
    assert app.window.rail.button("history").isChecked()
    answer(engine)
    assert app.window.pages.page("compare").comparison is not None


def test_the_page_says_what_changed_and_what_differs(page, engine, pair):
    assert page.busy.text() == "Comparing the two audits…"
    answer(engine)
    found, said = compare(*pair), words(page)
    assert page.sentence.text() == found.sentence
    assert page.images.text().startswith("An audit did not keep which test images")
    for part in ("Budget per pixel", "10/255", "8/255", "Epochs of tuning", "Seed"):
        assert part in said
    assert found.first.verdict in said.replace("\N{NO-BREAK SPACE}", " ")
    mean = next(m for m in found.means if (m.defence, m.attack, m.unseen) == ("zepad", "advencoder_per", True))
    assert points_text(mean) in said
    assert "ZePAD under AdvEncoder-PER" in said


def test_the_plots_hold_each_task_once_per_system(page, engine, pair):
    answer(engine)
    QApplication.processEvents()
    tasks = [row.task for row in page.paired.rows]
    assert [row.defence for row in page.paired.rows] == ["undefended", "zepad"] * 4
    assert tasks == [task for task in dict.fromkeys(tasks) for _ in range(2)]
    assert page.apart.rows == page.paired.rows
    assert {row.attack for row in page.paired.rows} == {"advencoder_per"}
    for attack in ("none", "pgd"):
        page.attack.setCurrentIndex(page.attack.findData(attack))
        assert {row.attack for row in page.paired.rows} == {attack}
    assert {row.about for row in page.paired.rows} == {"adaptive"}
    page.attack.setCurrentIndex(page.attack.findData("worst"))
    figures = page.apart.figures()
    assert figures[0][:4] == ["task", "attack", "system", "difference"]
    assert [row[3] for row in figures[1:]] == [row.difference for row in page.paired.rows]
    assert "Undefended on Traffic signs" in page.paired.accessibleDescription()


def test_the_table_shows_what_is_beyond_chance_first(page, engine, pair):
    answer(engine)
    found = compare(*pair)
    out = [each for each in found.differences if each.stands_out]
    assert out
    assert list(page.table.differences.rows) == out
    page.rows.choose("all")
    assert len(page.table.differences.rows) == len(found.differences)
    page.rows.choose("system")
    assert {row.defence for row in page.table.differences.rows} == {"zepad"}


def test_the_table_sorts_figures_by_size_and_rows_without_a_test_last(page, engine):
    answer(engine)
    page.rows.choose("all")
    page.table.sortByColumn(DIFFERENCE, Qt.SortOrder.DescendingOrder)
    gained = [row.difference for row in page.table.differences.rows]
    assert gained == sorted(gained, reverse=True)
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        page.table.sortByColumn(HOLM, order)
        tested = [row.p is not None for row in page.table.differences.rows]
        assert tested == sorted(tested, reverse=True)


def test_a_row_says_everything_on_hover_and_can_be_copied(page, engine):
    answer(engine)
    hint = page.table.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "after Holm" in hint
    assert "The attack itself differs between the two." in hint
    page.table.copy_cells()
    head, first, *_ = QGuiApplication.clipboard().text().splitlines()
    assert head.split("\t") == list(COLUMNS)
    assert first.split("\t")[2] == "Undefended"
    figures = page.table.figures()
    assert len(figures) == 1 + len(page.table.differences.rows)
    assert len({len(row) for row in figures}) == 1


def test_a_figure_tells_how_it_came_about(page, engine, pair):
    answer(engine)
    page.explain("First · Emoji", page.table.differences.rows[0].first, page.rect().center())
    (popover,) = page.findChildren(RecipePopover)
    text = popover.recipe.as_text()
    assert f'python main.py diff "{pair[0]}" "{pair[1]}" --all' in text
    assert f"over {page.comparison.tests:,} tests" in text
    assert "of 790 images" in text
    popover.close()


def test_sides_can_be_swapped(app, engine, page, pair):
    answer(engine)
    app.window.header.quiet.click()
    assert (asked(engine).first, asked(engine).second) == (str(pair[1]), str(pair[0]))
    answer(engine)
    assert page.comparison.plan[0].first == "8/255"


def test_a_late_answer_to_another_pair_is_not_shown(page, engine, pair):
    first = asked(engine)
    page.compare(pair[1], pair[0])
    engine.say(Compared(request=first.request, first=first.first, second=first.second, path="gone.json"))
    assert page.comparison is None
    answer(engine)
    assert page.comparison.first.run == "second"


def test_an_unreadable_run_is_said_and_the_history_is_one_click_away(app, page, engine):
    engine.say(
        Failed(
            request=asked(engine).request,
            code="input.bad",
            sentence="The folder half holds no finished audit.",
            advice="Run or resume the audit first.",
        )
    )
    assert page.notice.sentence == "The folder half holds no finished audit."
    assert page.empty.isVisible()
    page.empty.next.click()
    assert app.window.pages.name_of(app.window.stack.currentWidget()) == "history"


def test_a_damaged_answer_is_said(page, engine, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    answer(engine, broken)
    assert page.notice.sentence == "The comparison cannot be read."


def test_while_an_audit_runs_the_page_says_so(app, engine, page, pair):
    answer(engine)
    app.model.start(app.window.pages.page("drop")._sample_plan())
    page.compare(*pair)
    assert page.notice.sentence == "An audit is running."


def test_an_engine_that_never_came_up_can_be_started_again(app, engine, pair):
    page = app.window.pages.page("compare")
    page.compare(*pair)
    assert page.busy.text() == "The engine is starting…"
    engine.stopped.emit()
    assert "nothing was compared" in page.notice.sentence
    page.notice.remedied.emit("restart")
    assert page.busy.text() == "The engine is starting…"
    engine.be_ready()
    assert [request.first for request in engine.sent] == [str(pair[0])]
    answer(engine)
    assert page.comparison is not None


def test_the_empty_page_leads_to_the_history(app, engine):
    engine.be_ready()
    app.window.show()
    app.window.show_page("compare")
    page = app.window.pages.page("compare")
    assert page.heading.detail == "Two audits side by side"
    page.empty.next.click()
    assert app.window.pages.name_of(app.window.stack.currentWidget()) == "history"
