from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from zepad_app.theme import Theme
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.file_input import FileInput
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput, NumberInput
from zepad_app.widgets.parameter_form import ParameterForm
from zepad_engine.catalogue import Entry, Field

INVENTED = Entry(
    key="moonlight",
    name="Moonlight",
    summary="An attack nobody has thought of.",
    citation="Nobody, Never 2030",
    fields=(
        Field(key="nights", label="Nights", kind="integer", default=3, low=1, high=28, step=1, unit="nights"),
        Field(key="glow", label="Glow", kind="number", default=0.0007, low=0, high=1, step=0.001, help="how bright"),
        Field(key="phase", label="Phase", kind="choice", default="full", choices=("new", "half", "full")),
        Field(key="clouds", label="Clouds", kind="switch", default=False),
        Field(key="map", label="Map", kind="file", default="", endings=(".png", ".svg")),
    ),
)


@pytest.fixture
def form(qtbot: QtBot) -> ParameterForm:
    made = ParameterForm(INVENTED)
    qtbot.addWidget(made)
    return made


def test_a_control_of_the_right_kind_per_field(form: ParameterForm) -> None:
    kinds = [type(form.control(field.key)) for field in INVENTED.fields]
    assert kinds == [IntegerInput, NumberInput, ChoiceInput, QCheckBox, FileInput]
    nights = form.control("nights")
    assert isinstance(nights, IntegerInput)
    assert (nights.minimum(), nights.maximum()) == (1, 28)
    shown = {label.text() for label in form.findChildren(QLabel)}
    assert {"Nights", "nights", "Glow", "Phase", "Clouds"} <= shown
    assert all(form.control(field.key).accessibleName() for field in INVENTED.fields)


def test_defaults_are_no_values_even_where_the_box_rounds(form: ParameterForm) -> None:
    assert form.values == {}


def test_values_are_what_differs_and_come_back(form: ParameterForm, qtbot: QtBot) -> None:
    values = {"nights": 7, "glow": 0.25, "phase": "half", "clouds": True, "map": "/maps/sky.png"}
    with qtbot.assertNotEmitted(form.changed):
        form.set_values(values)
    assert form.values == values
    form.set_values({"nights": 9})
    assert form.values == {"nights": 9}


def test_a_file_is_browsed_for_among_its_endings(
    form: ParameterForm, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(_parent: object, title: str, _folder: str, files: str) -> tuple[str, str]:
        asked.append((title, files))
        return "/maps/sky.svg", files

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    control = form.control("map")
    assert isinstance(control, FileInput)
    with qtbot.waitSignal(form.changed):
        control.findChildren(QPushButton)[0].click()
    assert asked == [("Map", "Map (*.png *.svg)")]
    assert form.values == {"map": "/maps/sky.svg"}


def test_a_typed_path_is_told_once_it_is_finished(form: ParameterForm, qtbot: QtBot) -> None:
    line = form.control("map").findChildren(QLineEdit)[0]
    with qtbot.assertNotEmitted(form.changed):
        line.setText(" sky.png ")
    with qtbot.waitSignal(form.changed):
        line.editingFinished.emit()
    with qtbot.assertNotEmitted(form.changed):
        line.editingFinished.emit()
    assert form.values == {"map": "sky.png"}


def test_an_edit_is_told(form: ParameterForm, qtbot: QtBot) -> None:
    nights = form.control("nights")
    assert isinstance(nights, IntegerInput)
    with qtbot.waitSignal(form.changed):
        nights.setValue(5)
    assert form.values == {"nights": 5}


def test_what_is_wrong_stands_under_its_field_not_under_the_name(qtbot: QtBot, theme: Theme) -> None:
    row = FieldRow("Deviation", IntegerInput(0, 9), "px")
    qtbot.addWidget(row)
    row.resize(600, 80)
    row.show()
    before = row.control.geometry()
    row.complain("It must be above 0.")
    row.layout().activate()
    trouble = row._trouble.geometry()
    assert trouble.left() == before.left() == row.control.geometry().left()
    assert trouble.top() >= row.control.geometry().bottom()
