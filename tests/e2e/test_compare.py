"""Two real audits chosen in the history, by keyboard, and laid side by side by the real engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.finished import stored_once
from tests.support.gap_meter import GapMeter
from tests.support.story_shots import shoot
from zepad_app.app import App
from zepad_app.pages.compare import ComparePage
from zepad_app.pages.history import HistoryPage
from zepad_engine.comparison import Comparison
from zepad_engine.plan import AuditPlan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def _longer_run(tmp_path_factory: pytest.TempPathFactory, tiny_plan: AuditPlan) -> Path:
    """The same plan and seed with longer training of the heads: other answers to the same test images."""
    heads = msgspec.structs.replace(tiny_plan.heads, epochs=12)
    return stored_once(tmp_path_factory, "longer", msgspec.structs.replace(tiny_plan, heads=heads))


@pytest.fixture
def longer_run(_longer_run: Path, tiny_run: Path, gaps: GapMeter) -> Path:
    with gaps.forgiving():
        return Path(shutil.copytree(_longer_run, tiny_run.with_name("20260102-120000-longer")))


def history(app: App, qtbot: QtBot) -> HistoryPage:
    qtbot.keyClick(app.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    page = app.window.stack.currentWidget()
    assert isinstance(page, HistoryPage)
    qtbot.waitUntil(lambda: not page.library.busy)
    return page


def compared(app: App, qtbot: QtBot) -> Comparison:
    app.window.header.primary.click()
    page = app.window.stack.currentWidget()
    assert isinstance(page, ComparePage)
    qtbot.waitUntil(lambda: page.comparison is not None, timeout=30_000)
    assert page.comparison is not None
    return page.comparison


def choose_two(page: HistoryPage, qtbot: QtBot, wanted: Callable[[str], bool]) -> None:
    """Down the table with the keys, Ctrl and Space on the rows wanted."""
    page.table.setFocus()
    page.table.setCurrentIndex(page.table.model().index(0, 0))
    page.table.clearSelection()
    for row in range(page.table.model().rowCount()):
        if wanted(page.runs.runs[row].folder.name):
            qtbot.keyClick(page.table, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)


def test_two_audits_are_found_compared_and_told_apart(
    app: App, qtbot: QtBot, tiny_run: Path, longer_run: Path, gaps: GapMeter
) -> None:
    with gaps.forgiving():
        twin = Path(shutil.copytree(tiny_run, tiny_run.with_name("20260103-120000-twin")))
    page = history(app, qtbot)
    assert {run.folder for run in page.runs.runs} == {tiny_run, longer_run, twin}
    assert all(run.thumbnail for run in page.runs.runs)
    choose_two(page, qtbot, lambda name: not name.endswith("twin"))
    found = compared(app, qtbot)
    shoot(app, qtbot, "compare-two-audits")

    assert [(change.field, {change.first, change.second}) for change in found.plan] == [("Heads: epochs", {"6", "12"})]
    assert {told.images for told in found.images} == {"same"}
    assert all(told.common == told.n_first == told.n_second >= 30 for told in found.images)
    assert {each.about for each in found.differences} == {"universal", "worst", "adaptive", "detection"}
    assert all(each.paired for each in found.differences if each.p is not None)
    assert all(each.low <= each.difference <= each.high for each in found.differences)
    cells = {
        (c["task"], c["defence"]): c["ba"]["value"] for c in json.loads((tiny_run / "report.json").read_text())["cells"]
    }
    clean = [each for each in found.differences if each.about == "universal" and each.attack == "none"]
    sides = [each.first.value for each in clean], [each.second.value for each in clean]
    assert [cells[each.task, each.defence] for each in clean] in sides
    # The perturbations do not depend on the heads.
    assert all(fact.same for fact in found.facts if fact.group in ("Encoders", "Data", "Perturbations", "Training"))

    app.window.header.back.click()
    page = history(app, qtbot)
    page.table.select((tiny_run, twin))
    QApplication.processEvents()
    found = compared(app, qtbot)
    assert found.equal
    assert {each.p for each in found.differences} == {1.0, None}
