from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.support.fake_engine import FakeEngine
from zepad_app.app import App
from zepad_app.undoing import UndoStack, ValueChange


@pytest.fixture
def stack(qtbot: QtBot) -> UndoStack:
    return UndoStack()


def test_a_change_is_applied_undone_and_done_again(stack: UndoStack) -> None:
    seen: list[int] = []
    stack.push(ValueChange("budget", seen.append, 8, 10))
    stack.undo()
    stack.redo()
    assert seen == [10, 8, 10]
    assert stack.undoText() == "budget"


def test_changes_of_one_field_are_undone_together_and_others_are_not(stack: UndoStack) -> None:
    seen: list[str] = []
    for before, after in (("", "s"), ("s", "si"), ("si", "sig")):
        stack.push(ValueChange("name", seen.append, before, after, merge="name"))
    stack.push(ValueChange("seed", seen.append, "0", "1", merge="seed"))
    stack.push(ValueChange("seed", seen.append, "1", "2"))
    assert stack.count() == 3
    stack.undo()
    stack.undo()
    stack.undo()
    assert seen[-3:] == ["1", "0", ""]


def test_a_value_that_came_back_leaves_nothing_to_undo(stack: UndoStack) -> None:
    stack.push(ValueChange("seed", lambda _value: None, 0, 1, merge="seed"))
    stack.push(ValueChange("seed", lambda _value: None, 1, 0, merge="seed"))
    assert not stack.canUndo()


def test_the_echo_of_a_control_is_no_change_of_its_own(stack: UndoStack) -> None:
    value = [1]

    def apply(new: int) -> None:
        old, value[0] = value[0], new
        stack.change("echo", apply, old, new)

    stack.change("seed", apply, 1, 2)
    stack.change("seed", apply, 2, 2)
    stack.undo()
    assert (value, stack.count()) == ([1], 1)


def test_the_edit_menu_names_what_it_undoes(app: App, engine: FakeEngine) -> None:
    undo, redo = (app.window.actions_by_key[key] for key in ("undo", "redo"))
    assert (undo.isEnabled(), redo.isEnabled()) == (False, False)
    seen: list[int] = []
    app.window.undo.change("budget", seen.append, 8, 10)
    assert (undo.isEnabled(), undo.text().replace("&", "")) == (True, "Undo budget")
    undo.trigger()
    assert (redo.isEnabled(), redo.text().replace("&", "")) == (True, "Redo budget")
    redo.trigger()
    assert seen == [10, 8, 10]
    assert app.window.pages.undo is app.window.undo
