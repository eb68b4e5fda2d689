"""The history page: what a selection allows, and that nothing is deleted without being asked about."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.support.fake_engine import FakeEngine
from tests.support.sample_report import sample_report
from zepad_app.app import App
from zepad_app.history import remember_run
from zepad_app.pages import history
from zepad_app.pages.history import HistoryPage
from zepad_engine import messages
from zepad_engine.findings import report_to_json
from zepad_engine.places import runs_folder
from zepad_engine.plan import AuditPlan, plan_to_json

FIRST, SECOND, HALF = "20261101-100000-first", "20261102-100000-second", "20261103-100000-half"


def store(name: str, *, finished: bool, when: int, root: Path | None = None) -> Path:
    folder = (root or runs_folder()) / name
    folder.mkdir(parents=True)
    (folder / "plan.json").write_bytes(plan_to_json(AuditPlan(seed=when)))
    if finished:
        (folder / "report.json").write_bytes(report_to_json(sample_report()))
    for file in folder.iterdir():
        os.utime(file, (when, when))
    return folder


@pytest.fixture
def page(app: App, engine: FakeEngine, qtbot) -> HistoryPage:
    store(FIRST, finished=True, when=1)
    store(SECOND, finished=True, when=2)
    store(HALF, finished=False, when=3)
    engine.be_ready()
    app.window.show()
    app.window.rail.button("history").click()
    found = app.window.pages.page("history")
    assert isinstance(found, HistoryPage)
    qtbot.waitUntil(lambda: not found.library.busy)
    return found


def choose(page: HistoryPage, *names: str) -> None:
    while page.library.busy:
        QApplication.processEvents()
    page.table.select(tuple(run.folder for run in page.runs.runs if run.folder.name in names))


def header(app: App) -> tuple[str, bool]:
    return app.window.header.primary.text(), app.window.header.primary.isEnabled()


def test_the_page_lists_runs_newest_first(app, page):
    rows = [page.shown.index(row, 0).data() for row in range(3)]
    assert [run.folder.name for run in page.runs.runs] == [HALF, SECOND, FIRST]
    assert rows[0] == "supcon-cifar10-r18w16"
    assert page.heading.detail.startswith("3 audits, ")
    assert app.window.stack.currentWidget() is page


def test_the_header_does_what_the_selection_allows(app, page):
    assert header(app) == ("Open", False)
    choose(page, FIRST)
    assert header(app) == ("Open", True)
    choose(page, HALF)
    assert header(app) == ("Resume", True)
    choose(page, FIRST, HALF)
    assert header(app) == ("Compare", False)
    assert page.hint.text() == f"Only finished audits can be compared: {HALF} is not finished."
    choose(page, FIRST, SECOND, HALF)
    assert header(app) == ("Open", False)
    assert "3 are selected" in page.hint.text()


def test_return_opens_and_the_header_resumes(app, engine, page, qtbot):
    choose(page, FIRST)
    page.table.setCurrentIndex(page.shown.index(2, 0))
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert app.model.state.folder == runs_folder() / FIRST
    app.window.show_page("history")
    choose(page, HALF)
    app.window.header.primary.click()
    request = engine.sent[-1]
    assert isinstance(request, messages.RunAudit)
    assert (request.folder, request.plan.seed) == (str(runs_folder() / HALF), 3)


def test_two_are_compared_the_older_one_first(page, qtbot):
    choose(page, FIRST, SECOND)
    with qtbot.waitSignal(page.compare_requested) as asked:
        page.act()
    assert asked.args == [runs_folder() / FIRST, runs_folder() / SECOND]


def test_a_plan_is_duplicated_onto_the_plan_page(app, page):
    choose(page, HALF)
    page.buttons["plan"].click()
    assert app.window.pages.name_of(app.window.stack.currentWidget()) == "plan"
    assert app.window.pages.page("plan").plan.seed == 3


def test_a_plan_that_cannot_be_read_is_said(page):
    (runs_folder() / FIRST / "plan.json").write_text("{}x")
    choose(page, FIRST)
    page.buttons["plan"].click()
    assert page.notice.sentence == f"The plan in {FIRST} cannot be read."


def test_the_folder_is_shown(page):
    shown = []
    page.show_folder = shown.append
    choose(page, SECOND)
    page.buttons["folder"].click()
    assert shown == [runs_folder() / SECOND]


def test_nothing_is_deleted_unasked_or_after_a_no(page):
    asked = []
    page.confirm_delete = lambda _page, runs, size: asked.append((len(runs), size)) and False
    choose(page, FIRST, SECOND)
    page.buttons["delete"].click()
    assert asked[0][0] == 2
    assert asked[0][1] > 1000
    assert (runs_folder() / FIRST / "report.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the bin of the freedesktop standard")
def test_a_yes_moves_the_run_to_the_bin_and_off_the_table(page, qtbot, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    page.confirm_delete = lambda *_: True
    choose(page, FIRST)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not page.library.busy)
    assert [run.folder.name for run in page.runs.runs] == [HALF, SECOND]
    assert (tmp_path / "Trash" / "files" / FIRST / "report.json").exists()


def test_without_a_bin_a_run_is_deleted_for_good_only_after_a_second_yes(page, monkeypatch):
    monkeypatch.setattr(history, "to_bin", lambda _folder: False)
    page.confirm_delete = lambda *_: True
    page.confirm_for_good = lambda *_: False
    choose(page, FIRST)
    page.buttons["delete"].click()
    assert (runs_folder() / FIRST).exists()
    page.confirm_for_good = lambda *_: True
    choose(page, FIRST)
    page.buttons["delete"].click()
    assert not (runs_folder() / FIRST).exists()


def test_a_folder_with_other_things_in_it_is_never_deleted_for_good(page, monkeypatch):
    monkeypatch.setattr(history, "to_bin", lambda _folder: False)
    (runs_folder() / FIRST / "thesis.tex").write_text("mine")
    page.confirm_delete = page.confirm_for_good = lambda *_: True
    choose(page, FIRST)
    page.buttons["delete"].click()
    assert (runs_folder() / FIRST / "thesis.tex").exists()
    assert "nothing of it was deleted" in page.notice.sentence


def test_a_running_audit_cannot_be_deleted_or_another_resumed(app, page):
    app.model.resume(runs_folder() / HALF)
    app.window.show_page("history")
    choose(page, HALF)
    assert not page.buttons["delete"].isEnabled()
    store("20261104-100000-other", finished=False, when=4)
    page.refresh()
    choose(page, "20261104-100000-other")
    assert header(app) == ("Resume", False)


def test_the_audit_that_runs_says_so_leads_there_and_is_one_of_the_past_once_it_ends(app, engine, page, qtbot):
    run = app.model.resume(runs_folder() / HALF)
    app.window.show_page("history")
    choose(page, HALF)
    assert (page.runs.runs[0].folder.name, page.runs.runs[0].state) == (HALF, "running")
    assert header(app) == ("Watch", True)
    app.window.header.primary.click()
    assert app.window.pages.page("running").isVisible()
    app.window.show_page("history")
    app.model.cancel()
    engine.say(messages.Cancelled(run=run, folder=str(runs_folder() / HALF)))
    qtbot.waitUntil(lambda: not page.library.busy)
    assert page.runs.runs[0].state == "can be resumed"


def test_a_missing_run_is_told_and_can_be_taken_off_the_list(page, qtbot, tmp_path):
    gone = store("gone", finished=True, when=9, root=tmp_path)
    remember_run(gone)
    for file in gone.iterdir():
        file.unlink()
    page.refresh()
    qtbot.waitUntil(lambda: not page.library.busy)
    choose(page, "gone")
    assert page.table.selected[0].state == "missing"
    assert not page.buttons["folder"].isEnabled()
    assert page.buttons["delete"].text() == "Take off the list"
    page.confirm_delete = lambda *_: pytest.fail("nothing is deleted, so nothing is asked")
    page.buttons["delete"].click()
    qtbot.waitUntil(lambda: not page.library.busy)
    assert "gone" not in [run.folder.name for run in page.runs.runs]


def test_a_filter_without_a_match_says_so(page, qtbot):
    qtbot.keyClicks(page.filter, "nobody")
    assert page.none.text() == "No audit holds “nobody”."
    assert page.none.isVisible()
    assert not page.table.isVisible()
    page.filter.clear()
    assert page.table.isVisible()


def test_without_any_run_the_page_says_what_will_be_here(app, engine, qtbot):
    engine.be_ready()
    app.window.show()
    app.window.show_page("history")
    page = app.window.pages.page("history")
    assert page.empty.isVisible()
    page.empty.next.click()
    assert app.window.pages.name_of(app.window.stack.currentWidget()) == "drop"
