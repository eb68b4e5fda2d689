"""The meter that judges every story: it sees a window that hangs, what hung it, and what only the machine did."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
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
    # It slept of its own will: that is its own time, though no computing.
    longest = found["told"][0]
    assert longest["own"] == pytest.approx(300, abs=100)
    assert longest["cpu"] < 100 > found["cpu_max"]
    assert "test_gap_meter.test_a_window_that_hangs" in longest["ran"][0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how long a thread stood in the queue")
def test_what_another_process_takes_is_not_the_windows_own(qtbot) -> None:
    meter = GapMeter()
    cores, thread = os.sched_getaffinity(0), threading.get_native_id()
    core = min(cores)
    os.sched_setaffinity(thread, {core})
    busy = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(1, flush=True)\nwhile True: pass",
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert busy.stdout is not None
        busy.stdout.readline()
        qtbot.wait(50)
        until = time.thread_time() + 0.3
        while time.thread_time() < until:
            pass
        qtbot.wait(50)
        found = meter.stop()
    finally:
        busy.kill()
        busy.communicate()
        os.sched_setaffinity(thread, cores)
    assert found["max"] > 450
    assert found["own_max"] == pytest.approx(300, abs=100)
    assert found["cpu_max"] == pytest.approx(300, abs=50)
