"""An attack or defence of the catalogue: a checkbox, what it is, and its form once it is chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.theme import label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import plain
from zepad_app.widgets.parameter_form import ParameterForm
from zepad_engine.catalogue import Entry, FieldValue
from zepad_engine.plan import Choice

# Where the text begins behind a tick.
_INDENT = 24


class EntryCard(QFrame):
    """One entry; ``choice`` is None while it is not ticked."""

    changed = Signal()
    unfolded = Signal()

    def __init__(self, entry: Entry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry = entry
        self._name = ""
        self._files = tuple(field.key for field in entry.fields if field.kind == "file")
        self._shown_files: tuple[object, ...] = ()
        self.setProperty("surface", "entry")
        self._tick = QCheckBox(entry.name)
        self._tick.setProperty("strong", True)
        self._tick.setToolTip(entry.citation)
        self._tick.toggled.connect(self._on_changed)
        self._values: dict[str, FieldValue] = {}
        self._form: ParameterForm | None = None
        self._place = QVBoxLayout()
        self._lacking = label("", "caption")
        self._lacking.setWordWrap(True)
        self._lacking.setProperty("meaning", "warning")
        self._lacking.hide()
        self._more = plain("Settings", self._on_more, f"Settings of {entry.name}")
        self._arrange()

    @property
    def key(self) -> str:
        """The entry's key."""
        return self._entry.key

    @property
    def tick(self) -> QCheckBox:
        """The checkbox."""
        return self._tick

    @property
    def form(self) -> ParameterForm:
        """The fields; drawn when they are first asked for, since most cards are never opened."""
        if self._form is None:
            self._form = ParameterForm(self._entry)
            self._form.changed.connect(self._on_edited)
            self._form.hide()
            self._form.set_values(self._values)
            self._place.addWidget(self._form)
        return self._form

    @property
    def is_open(self) -> bool:
        """Whether the fields show."""
        return self._form is not None and not self._form.isHidden()

    @property
    def choice(self) -> Choice | None:
        """The entry with its values, if ticked; its name is lost with the file it was for."""
        chosen = Choice(key=self._entry.key, values=self._values, name=self._name)
        return chosen if self._tick.isChecked() else None

    def show_choice(self, choice: Choice | None) -> None:
        """Tick and fill, or untick, without telling anybody."""
        with QSignalBlocker(self._tick):
            self._tick.setChecked(choice is not None)
        self._values = dict(choice.values) if choice is not None else {}
        if self._form is not None:
            self._form.set_values(self._values)
        self._name = choice.name if choice is not None else ""
        self._shown_files = self._named_files()
        self._dress()

    def offer(self, lacking: str) -> None:
        """Let it be ticked, or say what the attacker lacks for it; what is ticked can always be unticked."""
        self._lacking.setText(lacking)
        self._lacking.setVisible(bool(lacking))
        self._tick.setEnabled(not lacking or self._tick.isChecked())

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(INSIDE)
        head.addWidget(self._tick, 1)
        head.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, INSIDE + 4, BETWEEN, INSIDE + 4)
        column.setSpacing(4)
        column.addLayout(head)
        below = QVBoxLayout()
        below.setContentsMargins(_INDENT, 0, 0, 0)
        below.setSpacing(4)
        for text in filter(None, (self._entry.summary, self._entry.citation)):
            words = label(text, "caption", soft=True)
            words.setWordWrap(True)
            below.addWidget(words)
        below.addWidget(self._lacking)
        column.addLayout(below)
        self._place.setContentsMargins(_INDENT, INSIDE, 0, 0)
        column.addLayout(self._place)
        column.addStretch(1)
        self._more.setVisible(bool(self._entry.fields))

    def _named_files(self) -> tuple[object, ...]:
        return tuple(self._values.get(key, "") for key in self._files)

    def _on_edited(self) -> None:
        self._values = self.form.values
        if self._named_files() != self._shown_files:
            self._shown_files, self._name = self._named_files(), ""
            self._dress()
        self.changed.emit()

    def _on_changed(self) -> None:
        # Without its file the entry is nothing: ask for it at once.
        if self._tick.isChecked() and not all(self._named_files()):
            self.form.show()
        self._dress()
        self.unfolded.emit()
        self.changed.emit()

    def _on_more(self) -> None:
        self.form.setVisible(self.form.isHidden())
        self._dress()
        self.unfolded.emit()

    def _dress(self) -> None:
        ticked = self._tick.isChecked()
        # Several cards of one entry differ in their files only.
        named = ", ".join(Path(str(file)).name for file in self._named_files() if file).replace("&", "&&")
        self._tick.setText(f"{self._entry.name}: {named}" if named else self._entry.name)
        self._more.setEnabled(ticked)
        if not ticked and self._form is not None:
            self._form.hide()
        self._more.setText("Hide settings" if self.is_open else "Settings")
