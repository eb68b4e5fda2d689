"""Pages fill in turns of the event loop: how a test has all of it now."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from zepad_app.results.in_turn import InTurn


def settle(widget: QWidget) -> None:
    """Do what waits for a turn anywhere in a widget, also what is only asked for by what is done."""
    while waiting := [turns for turns in widget.findChildren(InTurn) if not turns.settled]:
        for turns in waiting:
            turns.settle()
