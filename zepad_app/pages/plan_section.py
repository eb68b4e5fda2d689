"""What the sections of the plan page share: fields bound to the plan by their dotted names."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from zepad_app.plan_edit import value_of
from zepad_app.theme import Theme, label
from zepad_app.widgets.budget_input import BudgetInput
from zepad_app.widgets.budgets_choice import BudgetsChoice
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.fold_section import FoldSection
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput, NumberInput
from zepad_app.widgets.source_picker import SourcePicker
from zepad_engine.catalogue import Catalogue
from zepad_engine.plan import SAMPLE_PREFIX, AuditPlan
from zepad_engine.plan_checks import Trouble


class PlanSection(FoldSection):
    """A folding section whose controls edit one field of the plan each.

    What is inside is drawn when the section is first opened, or asked for: all of them at once would take a second.
    A subclass says which fields it ``HOLDS`` (a dotted name, or what such names begin with) and draws them in ``fill``.
    """

    HOLDS: ClassVar[tuple[str, ...]] = ()

    edited = Signal(str, object)

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, title, parent)
        self._rows: dict[str, FieldRow] = {}
        self._beside: list[QWidget] = []
        self._drawn = False
        self._plan = AuditPlan()
        self._troubles: tuple[Trouble, ...] = ()

    @property
    def rows(self) -> dict[str, FieldRow]:
        """The fields' rows by their dotted names."""
        self.draw()
        return self._rows

    def draw(self) -> None:
        """Draw what is inside, once."""
        if not self._drawn:
            self._drawn = True
            self.fill()
            self.show_values(self._plan)
            self.tell_troubles(self._troubles)

    def fill(self) -> None:
        """Put the controls into ``body``."""

    def show_plan(self, plan: AuditPlan) -> None:
        """Show the plan's values without telling anybody."""
        self._plan = plan
        if self._drawn:
            self.show_values(plan)

    def show_troubles(self, troubles: tuple[Trouble, ...]) -> bool:
        """Put each trouble beside its field; returns whether any is here."""
        self._troubles = tuple(trouble for trouble in troubles if self.holds(trouble.field))
        if self._drawn:
            self.tell_troubles(self._troubles)
        return bool(self._troubles)

    def holds(self, field: str) -> bool:
        """Whether a field of the plan is edited here."""
        return any(field == name or field.startswith(f"{name}.") for name in self.HOLDS)

    def count(self, words: str) -> int:
        """How many things in here have all these words; what is edited in fields is not searched."""
        del words
        return 0

    def narrow(self, words: str) -> None:
        """Show only what has these words, and neither fields nor what stands beside them; all of it without words."""
        for widget in (*self._rows.values(), *self._beside):
            widget.setVisible(not words)

    def show_values(self, plan: AuditPlan) -> None:
        """Show the plan's values in the controls."""
        for field, row in self._rows.items():
            _show(row.control, value_of(plan, field))

    def tell_troubles(self, troubles: tuple[Trouble, ...]) -> None:
        """Put each trouble beside its control."""
        said = {trouble.field: trouble.sentence for trouble in troubles}
        for field, row in self._rows.items():
            row.complain(_in_words(said.get(field, ""), field, row.text))

    def on_folded(self, is_open: bool) -> None:
        """Draw what is inside before it is first seen."""
        if is_open:
            self.draw()

    def add_beside(self, widget: QWidget, *, whole: bool = True) -> None:
        """A heading, a hint or a button of the fields: out of sight where they are; ``whole``: all the width is its."""
        self._beside.append(widget)
        if whole:
            self.body.addWidget(widget)
        else:
            self.body.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)

    def add_heading(self, text: str) -> None:
        """What the fields below have in common."""
        heading = label(text)
        heading.setProperty("strong", True)
        self.add_beside(heading)

    def add_integer(self, field: str, text: str, unit: str = "", hint: str = "", step: int = 1, zero: str = "") -> None:
        """A whole number, 0 shown as ``zero``; what the plan cannot take is said beside it, not forbidden."""
        control = IntegerInput(0, 2**31 - 1, step, zero)
        control.valueChanged.connect(lambda value: self.edited.emit(field, value))
        self._add(field, text, control, unit, hint)

    def add_number(self, field: str, text: str, step: float, unit: str = "", hint: str = "") -> None:
        """A number."""
        control = NumberInput(0, 10_000, step)
        control.valueChanged.connect(lambda value: self.edited.emit(field, value))
        self._add(field, text, control, unit, hint)

    def add_budget(self, field: str, text: str, hint: str = "") -> None:
        """A budget of L-infinity, on both scales."""
        control = BudgetInput(text)
        control.changed.connect(lambda value: self.edited.emit(field, value))
        self._add(field, text, control, "of the range 0 to 1", hint)

    def add_choice(self, field: str, text: str, choices: tuple[tuple[str, str], ...], hint: str = "") -> None:
        """One of several words."""
        control = ChoiceInput(choices)
        control.currentIndexChanged.connect(lambda: self.edited.emit(field, control.key))
        self._add(field, text, control, "", hint)

    def add_budgets(self, field: str, text: str, hint: str = "") -> None:
        """A list of budgets."""
        control = BudgetsChoice()
        control.chosen.connect(lambda budgets: self.edited.emit(field, budgets))
        self._add(field, text, control, "", hint)

    def add_source(
        self, field: str, text: str, choices: tuple[tuple[str, str], ...], files: str = "", hint: str = ""
    ) -> None:
        """A bundled thing or a path."""
        control = SourcePicker(choices, text, files)
        control.chosen.connect(lambda source: self.edited.emit(field, source))
        self._add(field, text, control, "", hint)

    def _add(self, field: str, text: str, control: QWidget, unit: str, hint: str) -> None:
        control.setObjectName(field)
        self._rows[field] = FieldRow(text, control, unit, hint)
        self.body.addWidget(self._rows[field])


def _in_words(sentence: str, field: str, name: str) -> str:
    """A trouble that begins with the field's key, with its name instead."""
    return name + sentence.removeprefix(field) if sentence.startswith(field) else sentence


def trouble_label() -> QLabel:
    """Where a trouble of something that is no field is told."""
    words = label("", "caption")
    words.setProperty("meaning", "warning")
    words.setWordWrap(True)
    words.hide()
    return words


def complain(words: QLabel, field: str, troubles: tuple[Trouble, ...]) -> None:
    """Say what is wrong with ``field``, if anything is."""
    said = next((trouble.sentence for trouble in troubles if trouble.field == field), "")
    words.setText(said)
    words.setVisible(bool(said))


def sample_key(key: str) -> str:
    """What a plan calls a bundled thing."""
    return key if key.startswith(SAMPLE_PREFIX) else SAMPLE_PREFIX + key


def set_choices(catalogue: Catalogue, *kinds: str) -> tuple[tuple[str, str], ...]:
    """The bundled image sets of these kinds, by key and name."""
    return tuple((sample_key(entry.key), entry.name) for entry in catalogue.tasks if entry.kind in kinds)


def encoder_choices(catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    """The bundled encoders, by key and name."""
    return tuple((sample_key(entry.key), entry.name) for entry in catalogue.encoders)


def _show(control: QWidget, value: object) -> None:
    with QSignalBlocker(control):
        if isinstance(control, SourcePicker):
            control.show_source(str(value))
        elif isinstance(control, BudgetsChoice) and isinstance(value, tuple):
            control.show_budgets(value)
        elif isinstance(control, ChoiceInput):
            control.choose(str(value))
        elif isinstance(control, BudgetInput) and isinstance(value, int | float):
            control.show_value(float(value))
        elif isinstance(control, IntegerInput) and isinstance(value, int):
            control.setValue(value)
        elif isinstance(control, NumberInput) and isinstance(value, int | float):
            control.setValue(float(value))
