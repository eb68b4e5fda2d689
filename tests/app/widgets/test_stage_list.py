"""The stages of an audit: what runs stands out, and stands still in the list once nothing goes on."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel
from pytestqt.qtbot import QtBot

from zepad_app.state import StageState
from zepad_app.theme import Theme
from zepad_app.widgets.stage_list import StageList

_STAGES = (
    StageState(key="open", name="Open", share=0.1, status="done", seconds=3),
    StageState(key="craft", name="Craft", share=0.9, status="current", note="step 4 of 9"),
)


def rows(stages: StageList) -> list[tuple[str, bool]]:
    found = [row for row in stages.findChildren(QFrame) if row.property("surface") == "stage"]
    return [(row.accessibleName(), bool(row.property("current"))) for row in found]


def test_a_stage_of_an_audit_that_was_stopped_no_longer_looks_as_if_it_ran(qtbot: QtBot, theme: Theme) -> None:
    stages = StageList(theme)
    qtbot.addWidget(stages)
    stages.show_stages(_STAGES)
    assert rows(stages) == [("Open: done", False), ("Craft: current", True)]
    assert "Step 4 of 9" in [label.text() for label in stages.findChildren(QLabel)]
    stages.show_stages(_STAGES, halted=True)
    assert rows(stages) == [("Open: done", False), ("Craft: stopped", False)]
    stages.show_stages(_STAGES)
    assert rows(stages) == [("Open: done", False), ("Craft: current", True)]
