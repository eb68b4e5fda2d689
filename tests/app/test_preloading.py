"""What the pages need is loaded behind the window, and the pages are made before anybody asks for them."""

from __future__ import annotations

import gc
import subprocess
import sys

from tests.support.fake_engine import FakeEngine
from zepad_app.app import App

PROGRAM = """
import gc, sys
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from zepad_app.preloading import MODULES, preload_behind
application = QApplication([])
assert not sys.modules.keys() & set(MODULES)
thread = preload_behind()
while thread.is_alive():
    application.processEvents()
assert sys.modules.keys() >= set(MODULES), set(MODULES) - sys.modules.keys()
here = application.thread()
strangers = [item for item in gc.get_objects() if isinstance(item, QObject) and item.thread() not in (None, here)]
assert not strangers, strangers
"""


def test_modules_are_loaded_behind_and_leave_no_object_in_another_thread() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_pages_are_made_ahead_a_turn_each_and_none_comes_to_the_front(app: App, engine: FakeEngine, qtbot) -> None:
    engine.be_ready()
    app.window.show()
    book, frozen = app.window.pages, gc.get_freeze_count()
    book.make_ahead()
    assert [name for name in ("plan", "results", "inspect") if name in book._pages] == []
    try:
        qtbot.waitUntil(lambda: book.made_ahead, timeout=30_000)
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
    assert (book.name_of(app.window.stack.currentWidget()), book.audit_page) == ("drop", "drop")
    plan = book.page("plan")
    qtbot.waitUntil(lambda: bool(plan.sections))  # type: ignore[attr-defined]
    assert plan.sections["threat"].is_open  # type: ignore[attr-defined]
