"""Every column with a term of art in its head explains it, on hover and to those who hear the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from tests.app.test_screenshots import STATES
from tests.support.fake_engine import FakeEngine
from tests.support.settling import settle
from zepad_app.app import App
from zepad_app.glossary import explain, glossary

HINT, HEARD = Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole


def heads(model: QAbstractItemModel, role: int) -> list[str]:
    columns = range(model.columnCount())
    return [str(model.headerData(column, Qt.Orientation.Horizontal, role) or "") for column in columns]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("results", {"Defence": "Defence", "Emoji groups": "RA", "Mean": "Mean"}),
        ("results-matrix", {"Emoji groups": "BA", "Traffic signs": "RA", "Mean": "Mean"}),
        ("running-results", {"Clean images": "BA", "AdvEncoder-PER": "RA"}),
        (
            "compare",
            {"95 % interval": "Interval", "p": "p", "Holm's p": "Holm's p", "Difference": "Difference in points"},
        ),
        ("history", {"Preset": "Preset", "Seed": "Seed"}),
    ],
)
def test_the_heads_of_a_table_are_explained(
    app: App, engine: FakeEngine, qtbot: QtBot, state: str, told: dict[str, str]
) -> None:
    STATES[state](app, engine)
    app.window.show()
    settle(app.window)
    views = [view for view in app.window.stack.currentWidget().findChildren(QTableView) if view.isVisible()]
    hints = {}
    for model in (view.model() for view in views):
        assert heads(model, HINT) == heads(model, HEARD)
        names = [name.rstrip(" ↓↑") for name in heads(model, Qt.ItemDataRole.DisplayRole)]
        hints.update(zip(names, heads(model, HINT), strict=True))
    for head, term in told.items():
        assert explain(term)
        assert explain(term) in hints[head]


def test_a_term_is_found_by_its_name_its_letters_and_its_plural() -> None:
    assert explain("FPR") == explain("False alarm rate") != ""
    assert explain("False alarms") == explain("false alarm") == glossary()["False alarm"]
    assert explain("Images that are no attack") == ""
