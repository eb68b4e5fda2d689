"""A file holds several encoders: one row each, and the user says which is meant."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from zepad_app.preflight_words import net_in_words, why_recommended
from zepad_app.state import Choosing
from zepad_app.theme import label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import plain, primary, secondary
from zepad_engine.shown_names import shown_name


class NetChooser(QFrame):
    """``chosen`` carries the net; ``dismissed`` chooses none."""

    chosen = Signal(str)
    dismissed = Signal()

    def __init__(self, choosing: Choosing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setAccessibleName("Which encoder shall be audited?")
        self.buttons: dict[str, QPushButton] = {}
        self.reasons: dict[str, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.setSpacing(INSIDE)
        column.addWidget(label("Which encoder shall be audited?", "section"))
        name = shown_name(Path(choosing.path).name)
        sentence = label(f"{name} holds {len(choosing.nets)} encoders whose weights differ.", soft=True)
        sentence.setWordWrap(True)
        column.addWidget(sentence)
        column.addSpacing(INSIDE)
        for number, net in enumerate(choosing.nets):
            column.addWidget(self._row(net, why_recommended(net) if number == 0 else ""))
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(plain("None of them", self.dismissed.emit))
        column.addLayout(foot)

    def _row(self, net: str, why: str) -> QFrame:
        row = QFrame()
        row.setProperty("surface", "entry")
        name = label(net_in_words(net))
        name.setProperty("strong", True)
        self.reasons[net] = f"Recommended: {why}." if why else ""
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        if why:
            words.addWidget(label(self.reasons[net], "caption", soft=True))
        make = primary if why else secondary
        button = make("Open this one", lambda: self.chosen.emit(net), f"Open {net_in_words(net)}")
        # One width for both kinds, so that they stand in a column.
        button.setMinimumWidth(round(8.5 * button.fontMetrics().height()))
        self.buttons[net] = button
        line = QHBoxLayout(row)
        line.setContentsMargins(BETWEEN, INSIDE + 4, BETWEEN, INSIDE + 4)
        line.setSpacing(BETWEEN)
        line.addLayout(words, 1)
        line.addWidget(button)
        return row
