from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from zepad_app.app import App
from zepad_app.failures import NoticeText, catch_our_faults
from zepad_app.theme import Theme
from zepad_app.widgets.notice import Notice
from zepad_engine.places import logs_folder


@pytest.fixture
def caught(app: App) -> Iterator[App]:
    before = sys.excepthook
    catch_our_faults(app.window.tell_failure)
    yield app
    sys.excepthook = before


def break_down(reason: str) -> None:
    raise RuntimeError(reason)


@pytest.mark.parametrize("times", [1, 3])
def test_a_fault_in_a_slot_is_told_and_stored_once_and_the_window_goes_on(
    caught: App, qtbot: QtBot, capsys: pytest.CaptureFixture[str], times: int
) -> None:
    caught.window.show()
    with qtbot.captureExceptions() as seen:
        for _ in range(times):
            QTimer.singleShot(0, lambda: break_down("a bolt came loose"))
        qtbot.waitUntil(lambda: len(seen) == times)
    for fault in seen:
        sys.excepthook(*fault)
    notice = caught.window.notice
    assert notice.sentence == "Something in the window went wrong; this is our fault."
    (log,) = logs_folder().glob("window-*.txt")
    assert log.read_text().count("RuntimeError: a bolt came loose") == 1
    assert str(log) in notice.details.toPlainText()
    assert capsys.readouterr().err.count("a bolt came loose") >= 1
    assert caught.window.isVisible()
    caught.window.show_page("drop")


def test_only_the_newest_logs_are_kept(caught: App, capsys: pytest.CaptureFixture[str]) -> None:
    logs_folder().mkdir(parents=True)
    for number in range(30):
        (logs_folder() / f"window-20250101-0000{number:02}-1.txt").touch()
    sys.excepthook(RuntimeError, RuntimeError("again"), None)
    kept = sorted(path.name for path in logs_folder().glob("window-*.txt"))
    assert len(kept) == 20
    assert kept[0] == "window-20250101-000011-1.txt"


def test_a_log_that_cannot_be_written_changes_nothing(caught: App, capsys: pytest.CaptureFixture[str]) -> None:
    logs_folder().parent.mkdir(parents=True, exist_ok=True)
    logs_folder().write_text("a file where the folder should be")
    sys.excepthook(RuntimeError, RuntimeError("again"), None)
    assert not caught.window.notice.isHidden()


def test_details_are_folded_and_copied_with_the_sentence(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice(theme)
    qtbot.addWidget(notice)
    notice.tell(NoticeText(sentence="It broke.", advice="Mend it.", detail="line 1\nline 2"))
    assert (notice.fold.isHidden(), notice.details.isHidden()) == (False, True)
    notice.fold.click()
    assert not notice.details.isHidden()
    assert notice.details.toPlainText() == "line 1\nline 2"
    notice._copy.click()
    assert QGuiApplication.clipboard().text() == "It broke.\nMend it.\nline 1\nline 2"
    notice.tell(NoticeText(sentence="Another.", advice=""))
    assert (notice.fold.isHidden(), notice.details.isHidden(), notice._copy.isHidden()) == (True, True, False)
    notice.tell(NoticeText(kind="done", sentence="Written.", advice=""))
    assert notice._copy.isHidden()
