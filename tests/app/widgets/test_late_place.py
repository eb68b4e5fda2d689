"""A late place is filled before it is seen, and the Tab key finds its content where it stands."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton, QTabWidget, QVBoxLayout, QWidget

from zepad_app.widgets.late_place import LatePlace


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def pane() -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    for word in ("one", "two"):
        column.addWidget(QPushButton(word))
    return made


def test_what_belongs_there_comes_before_the_place_is_seen(window) -> None:
    tabs, place = QTabWidget(window), LatePlace(pane())
    tabs.addTab(QWidget(), "first")
    tabs.addTab(place, "second")
    window.show()
    assert place.inner.parent() is None
    tabs.setCurrentIndex(1)
    assert place.inner.parent() is place
    assert place.inner.isVisible()


def test_the_tab_key_comes_to_it_where_the_place_stands(window) -> None:
    column, place = QVBoxLayout(window), LatePlace(pane())
    before, after = QPushButton("before"), QPushButton("after")
    for widget in (before, place, after):
        column.addWidget(widget)
    place.join()
    chain, widget = [], before
    while not chain or widget is not before:
        if isinstance(widget, QPushButton):
            chain.append(widget.text())
        widget = widget.nextInFocusChain()
    assert chain == ["before", "one", "two", "after"]
