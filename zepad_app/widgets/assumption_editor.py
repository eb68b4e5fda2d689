"""An inline form for what the file does not say: each value is checked as it is typed, and applied by opening again."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.says_edit import (
    CUSTOM,
    NORMALISATIONS,
    forgotten,
    normalisation_of,
    poolings_of,
    said,
    stem_of,
    stems_for,
    troubles_of,
)
from zepad_app.state import Inspected
from zepad_app.theme import Theme, label
from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import plain, primary, secondary
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.inputs import ChoiceInput, IntegerInput, NumberInput
from zepad_engine.architecture import Stem, VitShape
from zepad_engine.card import EncoderCard, Overrides, Triple

_CHANNELS: Final = ("red", "green", "blue")
_WIDEST: Final = 10_000
_POOLINGS: Final = {"class": "Class token", "mean": "Mean of the patches"}


class TripleInput(QWidget):
    """Three numbers side by side, one per channel; numbers that are only shown rounded are given back whole."""

    edited = Signal()

    def __init__(self, name: str, values: Triple, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = values
        self.boxes = tuple(NumberInput(-_WIDEST, _WIDEST, 1e-8) for _ in _CHANNELS)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(INSIDE)
        for box, channel in zip(self.boxes, _CHANNELS, strict=True):
            box.setSingleStep(0.01)
            box.setFixedWidth(104)
            box.setAccessibleName(f"{name}, {channel}")
            box.setToolTip(channel.capitalize())
            box.valueChanged.connect(lambda: self.edited.emit())
            row.addWidget(box)
        self.setFocusProxy(self.boxes[0])
        self.show_values(values)

    @property
    def values(self) -> Triple:
        """The three numbers."""
        first, second, third = (
            known if box.value() == round(known, box.decimals()) else box.value()
            for box, known in zip(self.boxes, self._values, strict=True)
        )
        return first, second, third

    def show_values(self, values: Triple) -> None:
        """Show other numbers."""
        self._values = values
        for box, value in zip(self.boxes, values, strict=True):
            box.setValue(value)


class AssumptionEditor(QWidget):
    """``applied`` carries what the user says from now on."""

    applied = Signal(object)
    closed = Signal()

    def __init__(self, theme: Theme, inspected: Inspected, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._card: EncoderCard = inspected.card
        self._before = inspected.says
        self.rows: dict[str, FieldRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(INSIDE)
        self._draw_name()
        self._draw_normalisation()
        self._draw_size()
        self._draw_stem()
        self._draw_transformer()
        self.refusal = label("")
        self.refusal.setProperty("meaning", "warning")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        self._column.addWidget(self.refusal)
        self.apply = primary("Apply", self._on_apply, "Open the file again with these values")
        self.reset = secondary("Reset", self._on_reset, "Take back what you said and open the file again")
        self.cancel = plain("Cancel", self.closed.emit, "Close the form and change nothing")
        self._column.addSpacing(INSIDE)
        self._column.addLayout(self._foot())
        self._on_edited()

    @property
    def wish(self) -> Overrides:
        """What the form shows."""
        return Overrides(
            name=self.name.text().strip(),
            stem=self._stem(),
            mean=self.mean.values,
            std=self.std.values,
            input_size=self.side.value(),
            pooling=self._pooling(),
            heads=self.heads.value() if "heads" in self.rows else None,
        )

    def tell_refusal(self, sentence: str) -> None:
        """Say why the engine would not open the file so; the values stay."""
        self.refusal.setText(sentence)
        self.refusal.setVisible(bool(sentence))

    def _draw_name(self) -> None:
        self.name = QLineEdit(self._card.name)
        self.name.setFixedWidth(328)
        self.name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.name.textChanged.connect(self._on_edited)
        self._add("name", "Name in the report", self.name)

    def _draw_normalisation(self) -> None:
        known = normalisation_of(self._card.mean, self._card.std)
        choices = tuple((each.key, each.title) for each in NORMALISATIONS)
        self.normalisation = ChoiceInput((*choices, (CUSTOM, "Other numbers")))
        self.normalisation.choose(known.key if known else CUSTOM)
        self.mean, self.std = TripleInput("Mean", self._card.mean), TripleInput("Deviation", self._card.std)
        self.normalisation.currentIndexChanged.connect(self._on_normalisation)
        for triple in (self.mean, self.std):
            triple.edited.connect(self._on_edited)
        self._add("normalisation", "Normalisation", self.normalisation, hint="What was done to pixels in [0, 1].")
        self._add("mean", "Mean: red, green, blue", self.mean, hint="Taken off each channel.")
        self._add("std", "Deviation: red, green, blue", self.std, hint="Each channel is divided by it.")

    def _draw_size(self) -> None:
        self.side = IntegerInput(0, _WIDEST)
        self.side.setValue(self._card.input_size)
        self.side.valueChanged.connect(self._on_edited)
        self._add("input_size", "Image size", self.side, "px", "Side of the images it was trained on.")

    def _draw_stem(self) -> None:
        stem = stem_of(self._card)
        if stem is None:
            return
        usual = stems_for(stem.kernel)
        self.stem = ChoiceInput((*((each.key, each.title) for each in usual), (CUSTOM, "Other values")))
        self.stem.choose(next((each.key for each in usual if each.stem == stem), CUSTOM))
        self.stride, self.padding, self.pool = IntegerInput(0, 99), IntegerInput(0, 99), QCheckBox()
        self.stride.setValue(stem.stride)
        self.padding.setValue(stem.padding)
        self.pool.setChecked(stem.pool)
        self.stem.currentIndexChanged.connect(self._on_edited)
        self.stride.valueChanged.connect(self._on_edited)
        self.padding.valueChanged.connect(self._on_edited)
        self.pool.toggled.connect(self._on_edited)
        hint = f"The kernel of {stem.kernel}×{stem.kernel} stands in the file, stride and padding do not."
        self._add("stem", "First convolution", self.stem, hint=hint)
        self._add("stride", "Its stride", self.stride, "px")
        self._add("padding", "Its padding", self.padding, "px")
        self._add("pool", "Max-pool behind it", self.pool)

    def _draw_transformer(self) -> None:
        shape = self._card.architecture
        if not isinstance(shape, VitShape):
            return
        self.heads = IntegerInput(0, shape.width)
        self.heads.setValue(shape.heads)
        self.heads.valueChanged.connect(self._on_edited)
        self._add("heads", "Attention heads", self.heads, hint="No tensor tells how many; 64 channels each are usual.")
        choices = poolings_of(self._card)
        if not choices:
            return
        self.pooling = ChoiceInput(tuple((key, _POOLINGS[key]) for key in choices))
        self.pooling.choose(shape.pooling)
        self.pooling.currentIndexChanged.connect(self._on_edited)
        self._add("pooling", "Features from", self.pooling, hint="How tokens become one feature vector.")

    def _add(self, field: str, text: str, control: QWidget, unit: str = "", hint: str = "") -> None:
        control.setObjectName(field)
        self.rows[field] = FieldRow(text, control, unit, hint)
        self._column.addWidget(self.rows[field])

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(INSIDE)
        for button in (self.apply, self.reset, self.cancel):
            foot.addWidget(button)
        foot.addStretch(1)
        self.reset.setVisible(forgotten(self._before) != self._before)
        return foot

    def _stem(self) -> Stem | None:
        read = stem_of(self._card)
        if read is None:
            return None
        usual = next((each.stem for each in stems_for(read.kernel) if each.key == self.stem.key), None)
        return usual or Stem(
            kernel=read.kernel,
            stride=self.stride.value(),
            padding=self.padding.value(),
            pool=self.pool.isChecked(),
        )

    def _pooling(self) -> Literal["class", "mean"] | None:
        shape = self._card.architecture
        if "pooling" in self.rows:
            return "mean" if self.pooling.key == "mean" else "class"
        return shape.pooling if isinstance(shape, VitShape) else None

    def _on_normalisation(self) -> None:
        usual = next((each for each in NORMALISATIONS if each.key == self.normalisation.key), None)
        if usual is not None:
            self.mean.show_values(usual.mean)
            self.std.show_values(usual.std)
        self._on_edited()

    def _on_edited(self) -> None:
        for field in ("mean", "std"):
            self.rows[field].setVisible(self.normalisation.key == CUSTOM)
        for field in ("stride", "padding", "pool"):
            if field in self.rows:
                self.rows[field].setVisible(self.stem.key == CUSTOM)
        troubles = troubles_of(self._card, self.wish)
        for field, row in self.rows.items():
            row.complain(troubles.get(field, ""))
        self.apply.setEnabled(not troubles and self._says() != self._before)

    def _says(self) -> Overrides:
        return said(self._card, self._before, self.wish)

    def _on_apply(self) -> None:
        self.tell_refusal("")
        self.applied.emit(self._says())

    def _on_reset(self) -> None:
        self.tell_refusal("")
        self.applied.emit(forgotten(self._before))
