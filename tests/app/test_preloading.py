"""What the pages need is loaded behind the window, and belongs to the window's thread all the same."""

from __future__ import annotations

import subprocess
import sys

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
