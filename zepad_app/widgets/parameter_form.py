"""A form drawn from nothing but a catalogue entry, so that a new attack needs no line here."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from zepad_app.tokens import INSIDE
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.file_input import FileInput
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput, NumberInput
from zepad_engine.catalogue import Entry, Field, FieldValue

_WIDE = 10_000_000


class ParameterForm(QWidget):
    """One control per declared field; ``values`` are those that differ from the defaults."""

    changed = Signal()

    def __init__(self, entry: Entry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry = entry
        self._controls: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        for field in entry.fields:
            control = self._draw(field)
            control.setObjectName(field.key)
            self._controls[field.key] = control
            column.addWidget(FieldRow(field.label, control, field.unit, field.help))
        self.set_values({})

    def control(self, key: str) -> QWidget:
        """The control of a field."""
        return self._controls[key]

    @property
    def values(self) -> dict[str, FieldValue]:
        """The values that differ from the entry's defaults."""
        read = {field.key: _read(field, self._controls[field.key]) for field in self._entry.fields}
        return {field.key: read[field.key] for field in self._entry.fields if read[field.key] != field.default}

    def set_values(self, values: dict[str, FieldValue]) -> None:
        """Show these values, and the default of every other field, without telling anybody."""
        for field in self._entry.fields:
            control = self._controls[field.key]
            with QSignalBlocker(control):
                _write(field, control, values.get(field.key, field.default))

    def _draw(self, field: Field) -> QWidget:
        if field.kind == "switch":
            switch = QCheckBox()
            switch.toggled.connect(lambda: self.changed.emit())
            return switch
        if field.kind == "choice":
            choice = ChoiceInput(tuple((word, word) for word in field.choices))
            choice.currentIndexChanged.connect(lambda: self.changed.emit())
            return choice
        if field.kind == "file":
            file = FileInput(field.label, field.endings)
            file.chosen.connect(lambda: self.changed.emit())
            return file
        number = _number_input(field)
        number.valueChanged.connect(lambda: self.changed.emit())
        return number


def _number_input(field: Field) -> IntegerInput | NumberInput:
    low = -_WIDE if field.low is None else field.low
    high = _WIDE if field.high is None else field.high
    if field.kind == "integer":
        return IntegerInput(round(low), round(high), round(field.step or 1))
    return NumberInput(low, high, field.step or 0.001)


def _read(field: Field, control: QWidget) -> FieldValue:
    if isinstance(control, QCheckBox):
        return control.isChecked()
    if isinstance(control, ChoiceInput):
        return control.key
    if isinstance(control, FileInput):
        return control.path
    assert isinstance(control, IntegerInput | NumberInput)
    if field.kind == "integer":
        return int(control.value())
    # What the box only rounded for show is still the default.
    shown = round(float(field.default), control.decimals()) if isinstance(control, NumberInput) else 0.0
    return field.default if control.value() == shown else control.value()


def _write(field: Field, control: QWidget, value: FieldValue) -> None:
    if isinstance(control, QCheckBox):
        control.setChecked(bool(value))
    elif isinstance(control, ChoiceInput):
        control.choose(str(value))
    elif isinstance(control, FileInput):
        control.show_path(str(value))
    elif isinstance(control, IntegerInput):
        control.setValue(round(float(value)))
    elif isinstance(control, NumberInput):
        control.setValue(float(value))
    else:
        raise TypeError(field.kind)
