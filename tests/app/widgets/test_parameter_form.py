from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QLabel
from pytestqt.qtbot import QtBot

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
    ),
)


@pytest.fixture
def form(qtbot: QtBot) -> ParameterForm:
    made = ParameterForm(INVENTED)
    qtbot.addWidget(made)
    return made


def test_a_control_of_the_right_kind_per_field(form: ParameterForm) -> None:
    kinds = [type(form.control(field.key)) for field in INVENTED.fields]
    assert kinds == [IntegerInput, NumberInput, ChoiceInput, QCheckBox]
    nights = form.control("nights")
    assert isinstance(nights, IntegerInput)
    assert (nights.minimum(), nights.maximum()) == (1, 28)
    shown = {label.text() for label in form.findChildren(QLabel)}
    assert {"Nights", "nights", "Glow", "Phase", "Clouds"} <= shown
    assert all(form.control(field.key).accessibleName() for field in INVENTED.fields)


def test_defaults_are_no_values_even_where_the_box_rounds(form: ParameterForm) -> None:
    assert form.values == {}


def test_values_are_what_differs_and_come_back(form: ParameterForm, qtbot: QtBot) -> None:
    values = {"nights": 7, "glow": 0.25, "phase": "half", "clouds": True}
    with qtbot.assertNotEmitted(form.changed):
        form.set_values(values)
    assert form.values == values
    form.set_values({"nights": 9})
    assert form.values == {"nights": 9}


def test_an_edit_is_told(form: ParameterForm, qtbot: QtBot) -> None:
    nights = form.control("nights")
    assert isinstance(nights, IntegerInput)
    with qtbot.waitSignal(form.changed):
        nights.setValue(5)
    assert form.values == {"nights": 5}
