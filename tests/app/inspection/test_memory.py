"""Two thousand answers later the window holds no more than after two hundred."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from tests.support.inspect_states import answering, empty

pytestmark = pytest.mark.slow

WARM_UP, ANSWERS = 200, 2000


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the memory as Linux tells it")
def test_two_thousand_answers_leave_nothing_behind(app, engine):
    page = empty(app, engine)
    answering(engine)
    app.window.show()
    page.show_images(tuple(Path(f"/data/{number}.png") for number in range(ANSWERS)))
    told = 0

    def look_at(count: int) -> None:
        nonlocal told
        for _ in range(count):
            page.strip.step(1)
            told += 1
            if told % 20 == 0:
                page.bench.tabs.setCurrentIndex(told // 20 % 3)
                page.inquiry.queue._rest.stop()
                page.inquiry.queue.go_on()
                QApplication.processEvents()
        engine.sent.clear()
        gc.collect()

    look_at(WARM_UP)
    children, objects, memory = len(page.findChildren(QObject)), len(gc.get_objects()), resident()
    look_at(ANSWERS - WARM_UP - 1)
    assert page.judged is not None
    assert page.judged.subject.image == f"/data/{ANSWERS - 1}.png"
    assert len(page.findChildren(QObject)) == children
    # What stays is a row for each picture of the strip.
    assert len(gc.get_objects()) - objects < 2 * ANSWERS
    grown = (resident() - memory) / 2**20
    sys.stdout.write(f"{len(gc.get_objects()) - objects} objects and {grown:.1f} MiB more after {ANSWERS} answers\n")
    assert grown < 24
