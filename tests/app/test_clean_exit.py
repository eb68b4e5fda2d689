"""The program ends with exit code 0, also with a copy of its table still on the clipboard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from PySide6.QtWidgets import QApplication
application = QApplication(["zepad"])
from tests.support.sample_report import sample_report
from zepad_app.theme import Theme
from zepad_app.widgets.result_table import ResultTable
table = ResultTable(Theme("light"))
table.rates.show_report(sample_report())
table.show()
table.copy_cells()
application.processEvents()
sys.exit(0)
"""


@pytest.mark.slow
def test_a_copy_on_the_clipboard_does_not_crash_the_exit():
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
