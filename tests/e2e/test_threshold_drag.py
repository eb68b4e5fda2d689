"""The detector's threshold is dragged on a real run: the words follow, the choice is kept, and it can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from tests.support.settling import wait_settled
from tests.support.story_shots import shoot
from zepad_app.app import App
from zepad_app.pages.results import ResultsPage
from zepad_app.results.detection_tab import DetectionTab
from zepad_app.results.operating import operating_at, place_of, threshold_sentences
from zepad_app.settings import Settings
from zepad_app.thresholds import Thresholds
from zepad_app.widgets.score_plot import ScorePlot

pytestmark = pytest.mark.slow


def place(plot: ScorePlot, score: float) -> QPoint:
    scene = plot.plot.box.mapViewToScene(QPointF(score, 0.001))
    return plot.plot.mapFromScene(scene)  # type: ignore[no-any-return]


def test_a_threshold_is_dragged_stepped_undone_and_remembered(app: App, qtbot: QtBot, tiny_run: Path) -> None:
    app.model.load_run(tiny_run)
    qtbot.waitUntil(lambda: app.model.state.report is not None, timeout=20_000)
    page = app.window.pages.page("results")
    assert isinstance(page, ResultsPage)
    qtbot.waitUntil(lambda: app.window.stack.currentWidget() is page, timeout=30_000)
    wait_settled(qtbot, app.window)
    page.open_tab("Detection")
    wait_settled(qtbot, app.window)
    tab = page.tab("Detection")
    assert isinstance(tab, DetectionTab)
    desk = tab.desk
    assert desk is not None
    levels, task = desk.levels, desk.found.task
    # What the words say is what the engine counted.
    at = place_of(levels, desk.found.threshold)
    assert levels.thresholds[at] == desk.found.threshold
    assert levels.clean_above[at] == round(desk.found.achieved_fpr.value * levels.clean_n)
    assert levels.perturbed_above[at] == round(desk.found.tpr.value * levels.perturbed_n)
    assert desk.sentence.text() == threshold_sentences(operating_at(levels, at), 1000)

    goal, area = levels.thresholds[len(levels.thresholds) // 2], desk.scores.plot.viewport()
    qtbot.mousePress(area, Qt.MouseButton.LeftButton, pos=place(desk.scores, desk.threshold))
    for share in (0.25, 0.5, 0.75, 1.0):
        qtbot.mouseMove(area, place(desk.scores, desk.found.threshold + share * (goal - desk.found.threshold)))
    qtbot.mouseRelease(area, Qt.MouseButton.LeftButton, pos=place(desk.scores, goal))
    dragged = app.window.pages.thresholds.chosen(tiny_run, task)
    assert dragged is not None
    assert dragged in levels.thresholds
    assert dragged == desk.threshold != desk.found.threshold
    assert levels.clean_above[place_of(levels, dragged)] != levels.clean_above[at]
    shoot(app, qtbot, "threshold-dragged")

    qtbot.keyClick(desk.scores, Qt.Key.Key_Left)
    assert place_of(levels, desk.threshold) == place_of(levels, dragged) - 1
    assert Thresholds(Settings()).chosen(tiny_run, task) == desk.threshold
    app.window.actions_by_key["undo"].trigger()
    app.window.actions_by_key["undo"].trigger()
    assert desk.threshold == desk.found.threshold
    assert app.window.pages.thresholds.chosen(tiny_run, task) is None
