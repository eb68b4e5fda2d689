"""The first section of a plan: what is attacked, and by whom - in words, and in the fields that decide them."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QRadioButton, QVBoxLayout, QWidget

from zepad_app.pages.plan_section import PlanSection, encoder_choices, set_choices
from zepad_app.pages.plan_words import threat_in_words
from zepad_app.preflight_words import said_in_words
from zepad_app.routes import ENCODER_ENDINGS
from zepad_app.theme import Theme, label
from zepad_app.threat import Knowledge, Threat
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_engine.catalogue import Catalogue
from zepad_engine.plan import AuditPlan

ENCODER_FILES: Final = "Encoders (" + " ".join(f"*{ending}" for ending in ENCODER_ENDINGS) + ")"
_KNOWS: Final[tuple[tuple[Knowledge, str, str], ...]] = (
    (
        "encoder",
        "The public encoder",
        "Downloaded as you did. Nothing of your task, data, heads or defence.",
    ),
    ("branch", "And an encoder of the defence", "As if one of your own branches had leaked."),
    ("system", "The whole defended system", "Weights, fusion and detector: the attacker a defence must be judged by."),
)

# Where the text begins behind a button.
_INDENT: Final = 24


class ThreatSection(PlanSection):
    """Who attacks, with what; ``threatened`` carries the attacker one has chosen."""

    HOLDS = ("encoder", "epsilon_255", "surrogate_set", "surrogate_images")

    threatened = Signal(object)

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Threat model")
        self._catalogue = catalogue
        self._threat = Threat()
        self._words = label("")
        self._words.setWordWrap(True)
        self.said = label("", "caption", soft=True)
        self.said.setWordWrap(True)
        self._knows = QButtonGroup(self)
        self.asks = QCheckBox("Ask the deployed system and read its answers")
        self.labels = QCheckBox("Train a head of their own on labelled pictures of the task")

    def fill(self) -> None:
        """The words, and what the attacker knows, may do, has and may change."""
        self.body.addWidget(self._words)
        self.add_source("encoder", "Encoder under audit", encoder_choices(self._catalogue), ENCODER_FILES)
        self.body.addWidget(self.said)
        self._add_titled("What the attacker knows", self._knowledge())
        self._add_titled("What they can do besides", self._access())
        self._add_titled("What they have, and what they may change", None)
        self.add_source("surrogate_set", "Pictures of their own", set_choices(self._catalogue, "surrogate", "task"))
        self.add_integer("surrogate_images", "How many of them", "images, unlabelled", step=100)
        hint = "The largest change of any colour value (L-infinity); the defence is tuned against its own budget."
        self.add_budget("epsilon_255", "Budget per pixel", hint)
        self._show_attacker()

    def show_values(self, plan: AuditPlan) -> None:
        """Show the values, and the threat model in words."""
        super().show_values(plan)
        self._words.setText(threat_in_words(plan, self._catalogue))
        said = " ".join(said_in_words(plan.encoder_says))
        self.said.setText(f"You said of it: {said}" if said else "")
        self.said.setVisible(bool(said))

    def show_threat(self, threat: Threat) -> None:
        """Show an attacker without telling anybody."""
        self._threat = threat
        self._show_attacker()

    def radio(self, knows: Knowledge) -> QRadioButton:
        """The button of what the attacker knows."""
        self.draw()
        found = self._knows.button([key for key, _, _ in _KNOWS].index(knows))
        assert isinstance(found, QRadioButton)
        return found

    def _knowledge(self) -> QWidget:
        page, column = _column()
        for number, (_, name, about) in enumerate(_KNOWS):
            button = QRadioButton(name)
            button.setAccessibleDescription(about)
            self._knows.addButton(button, number)
            words = label(about, "caption", soft=True)
            words.setWordWrap(True)
            below = QVBoxLayout()
            below.setContentsMargins(_INDENT, 0, 0, 4)
            below.addWidget(words)
            column.addWidget(button)
            column.addLayout(below)
        self._knows.idClicked.connect(self._on_knows)
        return page

    def _access(self) -> QWidget:
        page, column = _column()
        self.asks.toggled.connect(lambda asks: self._tell(asks=asks))
        self.labels.toggled.connect(lambda labels: self._tell(labels=labels))
        column.addWidget(self.asks)
        column.addWidget(self.labels)
        return page

    def _add_titled(self, title: str, content: QWidget | None) -> None:
        heading = label(title)
        heading.setProperty("strong", True)
        self.body.addSpacing(INSIDE)
        self.body.addWidget(heading)
        if content is not None:
            self.body.addWidget(content)

    def _on_knows(self, number: int) -> None:
        self._tell(knows=_KNOWS[number][0])

    def _tell(self, **changes: object) -> None:
        self.threatened.emit(msgspec.structs.replace(self._threat, **changes))

    def _show_attacker(self) -> None:
        if not self._knows.buttons():
            return
        self.radio(self._threat.knows).setChecked(True)
        whole = self._threat.knows == "system"
        for box, value in ((self.asks, self._threat.asks), (self.labels, self._threat.labels)):
            with QSignalBlocker(box):
                box.setChecked(value or whole)
            box.setEnabled(not whole)
            box.setToolTip("Who has the whole system can do this too." if whole else "")


def _column() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    page.setMinimumWidth(BETWEEN)
    return page, column
