from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QSplitter, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from zepad_app.app import App, build
from zepad_app.arrangement import keep_parts, on_a_screen, restore_parts
from zepad_app.settings import Settings

SCREEN = QRect(0, 0, 1920, 1080)


@pytest.mark.parametrize(
    ("frame", "reachable"),
    [
        (QRect(100, 100, 1280, 800), True),
        (QRect(-1100, 100, 1280, 800), True),
        (QRect(-1270, 100, 1280, 800), False),
        (QRect(2500, 100, 1280, 800), False),
        (QRect(100, -700, 1280, 800), False),
        (QRect(100, 1075, 1280, 800), False),
    ],
)
def test_a_window_must_offer_its_title_to_the_mouse(frame: QRect, reachable: bool) -> None:
    assert on_a_screen(frame, [SCREEN]) is reachable


def test_a_second_screen_counts_while_it_is_there() -> None:
    frame = QRect(2500, 100, 1280, 800)
    assert on_a_screen(frame, [SCREEN, SCREEN.translated(1920, 0)])


def test_the_window_comes_back_where_it_was(app: App, qtbot: QtBot) -> None:
    screen = app.window.screen().availableGeometry()
    app.window.setGeometry(QRect(screen.left() + 20, screen.top() + 30, 1010, 650).intersected(screen))
    app.window.show()
    place = app.window.geometry()
    app.window.close()
    again = build(FakeEngine())
    qtbot.addWidget(again.window)
    assert again.window.size() == place.size()


@pytest.mark.parametrize(("left", "found"), [("history", "history"), ("inspect", "drop"), ("plan", "drop")])
def test_the_window_opens_at_the_place_it_was_left_if_there_is_something_to_see(
    app: App, qtbot: QtBot, left: str, found: str
) -> None:
    app.window.show_page(left)
    app.window.close()
    again = build(FakeEngine())
    qtbot.addWidget(again.window)
    assert again.window.pages.name_of(again.window.stack.currentWidget()) == found


def test_a_window_left_on_a_screen_that_is_gone_comes_back_on_one_that_is_there(app: App, qtbot: QtBot) -> None:
    app.window.setGeometry(QRect(20_000, -9_000, 1100, 700))
    app.window.show()
    app.window.close()
    again = build(FakeEngine())
    qtbot.addWidget(again.window)
    assert on_a_screen(again.window.frameGeometry(), [again.window.screen().availableGeometry()])


def test_splitters_and_columns_are_kept_by_their_names(qtbot: QtBot) -> None:
    def page() -> tuple[QWidget, QSplitter, QTableWidget]:
        made = QWidget()
        qtbot.addWidget(made)
        split = QSplitter(Qt.Orientation.Horizontal, made)
        split.setObjectName("inspect")
        for _ in range(2):
            split.addWidget(QWidget())
        split.resize(600, 100)
        table = QTableWidget(2, 3, made)
        table.setObjectName("history")
        return made, split, table

    first, split, table = page()
    split.setSizes([150, 450])
    table.setColumnWidth(1, 222)
    keep_parts(first, Settings())
    second, split_again, table_again = page()
    assert (split_again.sizes(), table_again.columnWidth(1)) != (split.sizes(), 222)
    restore_parts(second, Settings())
    assert split_again.sizes()[0] == pytest.approx(split.sizes()[0], abs=2)
    assert table_again.columnWidth(1) == 222
