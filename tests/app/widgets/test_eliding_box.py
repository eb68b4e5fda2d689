"""A choice longer than its box ends in an ellipsis, and is said in full on hover."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from zepad_app.widgets.eliding_box import ElidingBox


def hint(box: ElidingBox) -> str:
    QToolTip.hideText()
    QApplication.sendEvent(box, QHelpEvent(QHelpEvent.Type.ToolTip, QPoint(4, 4), box.mapToGlobal(QPoint(4, 4))))
    return QToolTip.text()


def test_a_long_choice_is_cut_with_an_ellipsis_and_said_on_hover(qtbot: QtBot) -> None:
    box = ElidingBox()
    qtbot.addWidget(box)
    box.setToolTip("Task")
    box.addItems(["Signs", "Traffic signs of many countries"])
    box.resize(120, 30)
    box.show()
    assert (box.shown, hint(box)) == ("Signs", "Task")
    box.setCurrentIndex(1)
    assert box.shown.endswith("…")
    assert box.fontMetrics().horizontalAdvance(box.shown) < 120
    assert hint(box) == "Traffic signs of many countries\nTask"
    assert box.toolTip() == "Task"
