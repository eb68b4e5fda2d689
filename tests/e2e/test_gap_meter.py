"""The meter that judges every story: it sees a window that hangs, and only that."""

from __future__ import annotations

import time

import pytest

from tests.support.gap_meter import GapMeter


def test_a_window_that_hangs_is_seen_and_a_test_that_works_is_forgiven(qtbot) -> None:
    meter = GapMeter()
    qtbot.wait(60)
    time.sleep(0.3)
    qtbot.wait(30)
    with meter.forgiving():
        time.sleep(0.9)
    qtbot.wait(30)
    found = meter.stop()
    assert found["max"] == pytest.approx(300, abs=200)
    assert found["over_100"] == 1
    assert found["ticks"] > 10
    assert found["p50"] < 50
