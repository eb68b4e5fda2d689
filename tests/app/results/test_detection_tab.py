"""The detector on the results page: what a threshold does in words, and moving it by mouse, keys, buttons and undo."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLabel

from tests.support.sample_report import sample_report
from zepad_app.results.detection_tab import DetectionTab
from zepad_app.results.operating import Operating, counted, operating_at, place_of, threshold_sentences
from zepad_app.settings import Settings
from zepad_app.thresholds import Thresholds
from zepad_app.undoing import UndoStack
from zepad_engine.findings import Levels
from zepad_engine.intervals import wilson

LEVELS = Levels(
    thresholds=(-1.0, 0.0, 0.5, 1.0),
    clean_above=(400, 100, 20, 0),
    perturbed_above=(400, 380, 348, 0),
    clean_n=400,
    perturbed_n=400,
)


@pytest.fixture
def thresholds():
    return Thresholds(Settings())


@pytest.fixture
def undo():
    return UndoStack()


@pytest.fixture
def tab(qtbot, theme, thresholds, undo, tmp_path):
    made = DetectionTab(theme, thresholds, undo)
    qtbot.addWidget(made)
    made.resize(1200, 900)
    made.show_report(sample_report(), tmp_path)
    made.show()
    for _ in range(3):
        QApplication.processEvents()
    return made


def found_on(task, attack="advencoder_per"):
    return next(item for item in sample_report().detection if (item.task, item.attack) == (task, attack))


def spot(plot, x, y):
    """Where a place of a plot lies on its viewport."""
    scene = plot.plot.box.mapViewToScene(QPointF(x, y))
    return plot.plot.mapFromScene(scene)


def drag(qtbot, plot, *places):
    area = plot.plot.viewport()
    qtbot.mousePress(area, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(area, place)
    qtbot.mouseRelease(area, Qt.MouseButton.LeftButton, pos=places[-1])


def test_the_words_say_what_the_issue_asks_for():
    point = Operating(threshold=0.5, alarms=wilson(20, 400), caught=wilson(348, 400))
    # Bayes: 0.87 / 1000 of 0.87 / 1000 + 0.05 * 999 / 1000 is 1.7 %.
    assert threshold_sentences(point, 1000) == (
        "At this threshold 50 of 1,000 clean images are flagged by mistake, and 87 of 100 perturbed ones are caught. "
        "At 1 DAE in 1,000 images, 2 of 100 flags are right."
    )
    assert counted(point) == (
        "Measured on 400 clean and 400 perturbed test images; 95 % intervals: 33 to 76 of 1,000, 83 to 90 of 100."
    )
    assert threshold_sentences(point, 10).endswith("At 1 DAE in 10 images, 66 of 100 flags are right.")
    assert threshold_sentences(point, 10_000).endswith("At 1 DAE in 10,000 images, 2 of 1,000 flags are right.")


@pytest.mark.parametrize(
    ("place", "words"),
    [(0, "1 of 1,000 flags is right."), (3, "No image is flagged at all.")],
)
def test_the_ends_are_said_too(place, words):
    assert threshold_sentences(operating_at(LEVELS, place), 1000).endswith(words)


def test_a_flag_that_is_never_right_is_not_called_rare():
    none = Operating(threshold=0.0, alarms=wilson(4, 400), caught=wilson(0, 400))
    assert threshold_sentences(none, 1000).endswith("No perturbed image is caught, so no flag is right.")


@pytest.mark.parametrize(("threshold", "place"), [(-9.0, 0), (0.0, 1), (0.49, 1), (0.5, 2), (7.0, 3)])
def test_a_threshold_between_two_stored_ones_counts_as_the_lower(threshold, place):
    assert place_of(LEVELS, threshold) == place


def test_it_starts_at_the_calibrated_threshold(tab):
    desk, found = tab.desk, found_on("emoji")
    assert desk.threshold == found.threshold == 0.62
    point = operating_at(found.levels, place_of(found.levels, 0.62))
    assert desk.sentence.text() == threshold_sentences(point, 1000)
    assert not desk.calibrated.isEnabled()


def test_a_drag_moves_the_threshold_and_is_one_step_to_undo(tab, qtbot, thresholds, undo, tmp_path):
    scores = tab.desk.scores
    drag(qtbot, scores, spot(scores, 0.62, 0.01), spot(scores, 0.5, 0.01), spot(scores, 0.4, 0.01))
    chosen = thresholds.chosen(tmp_path, "emoji")
    assert chosen == pytest.approx(0.4, abs=0.011)
    assert tab.desk.threshold == chosen
    assert tab.desk.sentence.text().startswith("Your own threshold. At this threshold")
    assert undo.count() == 1
    undo.undo()
    assert thresholds.chosen(tmp_path, "emoji") is None
    assert tab.desk.threshold == 0.62
    undo.redo()
    assert tab.desk.threshold == chosen


def test_the_curve_can_be_dragged_too(tab, qtbot):
    found, roc = found_on("emoji"), tab.desk.roc
    levels = found.levels
    place = place_of(levels, 0.2)
    share = (levels.clean_above[place] / levels.clean_n, levels.perturbed_above[place] / levels.perturbed_n)
    drag(qtbot, roc, spot(roc, 0.05, 0.05), spot(roc, *share))
    assert tab.desk.threshold == pytest.approx(0.2, abs=0.03)


def test_arrow_keys_go_step_by_step(tab, qtbot, thresholds, tmp_path):
    scores, roc = tab.desk.scores, tab.desk.roc
    qtbot.keyClick(scores, Qt.Key.Key_Right)
    assert tab.desk.threshold == 0.63
    qtbot.keyClick(scores, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert tab.desk.threshold == 0.53
    # On the curve the right is where more is flagged.
    qtbot.keyClick(roc, Qt.Key.Key_Right)
    assert tab.desk.threshold == 0.52
    qtbot.keyClick(scores, Qt.Key.Key_Home)
    assert tab.desk.threshold == -0.5
    assert thresholds.chosen(tmp_path, "emoji") == -0.5


def test_buttons_take_the_margin_and_go_back(tab, qtbot, thresholds, tmp_path):
    tab.desk.margin.click()
    assert thresholds.chosen(tmp_path, "emoji") == 0.1
    tab.desk.calibrated.click()
    assert thresholds.chosen(tmp_path, "emoji") is None
    assert tab.desk.threshold == 0.62


def test_a_threshold_holds_for_every_attack_of_its_task_and_for_no_other_task(tab, thresholds, tmp_path):
    thresholds.choose(tmp_path, "emoji", 0.3)
    assert tab.desk.threshold == 0.3
    tab.choice.choose("l4a_base")
    assert (tab.desk.found.attack, tab.desk.threshold) == ("l4a_base", 0.3)
    tab.task.choose("signs")
    assert (tab.desk.found.task, tab.desk.threshold) == ("signs", 0.62)


def test_the_densities_hold_every_image_once(tab):
    edges, clean, perturbed = tab.desk.scores.densities()
    levels = found_on("emoji").levels
    assert len(edges) == len(clean) + 1
    above = levels.perturbed_above
    assert perturbed.sum() == pytest.approx((above[0] - above[-1]) / levels.perturbed_n)
    assert clean.min() >= 0


def test_false_alarms_and_the_other_tasks_stand_below(tab):
    tab.task.choose("satellite")
    tab.turns.settle()
    words = [label.text() for label in tab.findChildren(QLabel)]
    assert "JPEG, quality 75" in words
    assert any(word.startswith("On Satellite climate the detector beats chance (AUROC 0.89") for word in words)


def test_an_older_report_shows_its_curve_and_says_what_is_missing(tab, tmp_path):
    report = sample_report()
    old = tuple(msgspec.structs.replace(item, levels=None) for item in report.detection)
    tab.show_report(msgspec.structs.replace(report, detection=old), tmp_path)
    assert tab.desk is None
    assert any("older than the thresholds" in label.text() for label in tab.findChildren(QLabel))


def test_a_plan_without_zepad_has_no_detector(tab, tmp_path):
    tab.show_report(msgspec.structs.replace(sample_report(), detection=(), false_alarms=()), tmp_path)
    assert tab.desk is None
    assert any("no detector" in label.text() for label in tab.findChildren(QLabel))


def test_a_click_without_a_move_sets_the_threshold(tab, qtbot):
    scores = tab.desk.scores
    qtbot.mouseClick(scores.plot.viewport(), Qt.MouseButton.LeftButton, pos=spot(scores, 0.9, 0.01) + QPoint(0, 2))
    assert tab.desk.threshold == pytest.approx(0.9, abs=0.011)
