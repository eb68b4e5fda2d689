"""Thresholds a user has chosen: told, kept from one start to the next, and never taken from a spoilt file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from zepad_app.settings import Settings
from zepad_app.thresholds import Thresholds
from zepad_engine.places import settings_folder

RUN, OTHER = Path("runs/one"), Path("runs/two")


def test_a_choice_is_told_once_and_holds_for_its_run_and_task_alone(qtbot):
    thresholds = Thresholds(Settings())
    with qtbot.waitSignal(thresholds.changed) as told:
        thresholds.choose(RUN, "signs", 0.25)
    assert told.args == [RUN, "signs"]
    assert thresholds.chosen(RUN, "signs") == 0.25
    assert thresholds.chosen(RUN, "emoji") is None
    assert thresholds.chosen(OTHER, "signs") is None
    with qtbot.assertNotEmitted(thresholds.changed):
        thresholds.choose(RUN, "signs", 0.25)


def test_choices_outlive_the_window_and_can_be_taken_back():
    first = Thresholds(Settings())
    first.choose(RUN, "signs", -0.125)
    first.choose(RUN, "emoji", 0.5)
    first.choose(RUN, "emoji", None)
    again = Thresholds(Settings())
    assert again.chosen(RUN, "signs") == -0.125
    assert again.chosen(RUN, "emoji") is None


def test_the_runs_touched_last_are_kept():
    thresholds = Thresholds(Settings())
    for number in range(101):
        thresholds.choose(Path(f"runs/{number}"), "signs", 0.1)
    again = Thresholds(Settings())
    assert again.chosen(Path("runs/0"), "signs") is None
    assert again.chosen(Path("runs/1"), "signs") == 0.1
    assert again.chosen(Path("runs/100"), "signs") == 0.1


@pytest.mark.parametrize("stored", ["no json", "[1, 2]", '{"run": {"signs": "high"}}', '{"run": 3}'])
def test_a_spoilt_file_gives_no_threshold(stored):
    store = QSettings(str(settings_folder() / "window.ini"), QSettings.Format.IniFormat)
    store.setValue("results/thresholds", stored)
    store.sync()
    assert Settings().thresholds == {}


def test_a_threshold_is_a_number():
    with pytest.raises(ValueError, match="finite"):
        Thresholds(Settings()).choose(RUN, "signs", float("nan"))
