"""Pages fill in turns of the event loop: how a test has all of it now."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from zepad_app.results.in_turn import InTurn


def wait_settled(qtbot: QtBot, widget: QWidget) -> None:
    """Let the event loop turn until nothing waits, as it does for a user between two clicks."""
    qtbot.waitUntil(lambda: all(turns.settled for turns in widget.findChildren(InTurn)), timeout=30_000)
    qtbot.wait(20)


def settle(widget: QWidget) -> None:
    """Do what waits for a turn anywhere in a widget, also what is only asked for by what is done."""
    while waiting := [turns for turns in widget.findChildren(InTurn) if not turns.settled]:
        for turns in waiting:
            turns.settle()
