"""The five sections of a plan: threat, data and tasks, attacks, defence, and how it runs."""

from __future__ import annotations

from typing import Final, Literal, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel

from zepad_app.pages.plan_section import PlanSection
from zepad_app.pages.plan_words import device_in_words, threat_in_words
from zepad_app.plan_edit import value_of
from zepad_app.preflight_words import said_in_words
from zepad_app.routes import ENCODER_ENDINGS
from zepad_app.theme import Theme, label
from zepad_app.tokens import INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.entry_card import EntryCard
from zepad_app.widgets.field_row import FieldRow
from zepad_app.widgets.file_input import file_filter
from zepad_app.widgets.task_list import TaskList
from zepad_engine.catalogue import Catalogue, Entry
from zepad_engine.messages import Ready
from zepad_engine.plan import IMPORTED, SAMPLE_PREFIX, AuditPlan, Choice, imported_choice
from zepad_engine.plan_checks import Trouble

_ENCODER_FILES: Final = "Encoders (" + " ".join(f"*{ending}" for ending in ENCODER_ENDINGS) + ")"
_REGULARISATION = (("share", "As a share of CE, per encoder"), ("fixed", "Fixed lambda, as published"))
_AUTOMATIC: Final = "automatic"
_ARITHMETIC: Final = (
    ("fast", "Fast: bfloat16 where the processor has it"),
    ("exact", "Exact: float32, the reference; 2 to 3 times slower"),
)
_CONFIDENCE = (("c", "c = m exp(k (m - 1/2))"), ("m", "m, the largest probability"))
_AGGREGATION = (("mean", "Their mean"), ("max", "The larger one"))
_BENIGN: Final = (
    ("scratch", "Trained from scratch"),
    ("auxiliary", "Fine-tuned from the auxiliary"),
    ("victim", "Fine-tuned from the victim"),
)


def _sample(key: str) -> str:
    return key if key.startswith(SAMPLE_PREFIX) else SAMPLE_PREFIX + key


def _sets(catalogue: Catalogue, *kinds: str) -> tuple[tuple[str, str], ...]:
    return tuple((_sample(entry.key), entry.name) for entry in catalogue.tasks if entry.kind in kinds)


def _encoders(catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    return tuple((_sample(entry.key), entry.name) for entry in catalogue.encoders)


class ThreatSection(PlanSection):
    """Who attacks, with what."""

    HOLDS = ("encoder", "epsilon_255", "surrogate_set", "surrogate_images")

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Threat")
        self._catalogue = catalogue
        self._words = label("")
        self._words.setWordWrap(True)
        self.said = label("", "caption", soft=True)
        self.said.setWordWrap(True)

    def fill(self) -> None:
        """The words, and the attacker's means."""
        self.body.addWidget(self._words)
        catalogue = self._catalogue
        self.add_source("encoder", "Encoder under audit", _encoders(catalogue), _ENCODER_FILES)
        self.body.addWidget(self.said)
        self.add_number("epsilon_255", "Budget per pixel", 0.5, "/255", "Largest change of any colour value.")
        self.add_source("surrogate_set", "Attacker's pictures", _sets(catalogue, "surrogate", "task"))
        self.add_integer("surrogate_images", "How many of them", "images", step=100)

    def show_values(self, plan: AuditPlan) -> None:
        """Show the values, and the threat model in words."""
        super().show_values(plan)
        self._words.setText(threat_in_words(plan, self._catalogue))
        said = " ".join(said_in_words(plan.encoder_says))
        self.said.setText(f"You said of it: {said}" if said else "")
        self.said.setVisible(bool(said))


class DataSection(PlanSection):
    """Which tasks are built on the encoder, and the defender's own pictures."""

    HOLDS = ("tasks", "local_set", "heads")

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Data and tasks")
        self._catalogue = catalogue
        bundled = (entry for entry in catalogue.tasks if entry.kind == "task")
        self._tasks = TaskList(tuple((_sample(entry.key), entry.name, entry.summary) for entry in bundled))
        self._tasks.edited.connect(lambda tasks: self.edited.emit("tasks", tasks))
        self._trouble = _trouble_label()

    @property
    def tasks(self) -> TaskList:
        """The tasks to tick."""
        self.draw()
        return self._tasks

    def fill(self) -> None:
        """The tasks, and the defender's pictures."""
        catalogue = self._catalogue
        self.body.addWidget(label("Downstream tasks"))
        self.body.addWidget(self._tasks)
        self.body.addWidget(self._trouble)
        self.add_source(
            "local_set", "Defender's pictures", _sets(catalogue, "task"), hint="Labelled; the defence is tuned on them."
        )
        self.add_integer("heads.train_images", "Training images per task", "images", step=100)
        self.add_integer("heads.test_images", "Test images per task", "images", step=100)

    def show_values(self, plan: AuditPlan) -> None:
        """Show the values and tick the tasks."""
        super().show_values(plan)
        self._tasks.show_tasks(plan.tasks)

    def tell_troubles(self, troubles: tuple[Trouble, ...]) -> None:
        """As for any section, and beside the tasks."""
        super().tell_troubles(troubles)
        _complain(self._trouble, "tasks", troubles)


class EntriesSection(PlanSection):
    """Cards drawn from catalogue entries, ticked where the plan names them."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        field: Literal["attacks", "defences", "adaptive.attacks"],
        entries: tuple[Entry, ...],
    ) -> None:
        super().__init__(theme, title)
        self._field = field
        self._cards: dict[str, EntryCard] = {}
        self._more: dict[str, list[EntryCard]] = {}
        self._entries = {entry.key: entry for entry in entries}
        self._trouble = _trouble_label()

    @property
    def cards(self) -> dict[str, EntryCard]:
        """The first card of each entry."""
        self.draw()
        return self._cards

    @property
    def more(self) -> dict[str, list[EntryCard]]:
        """The further cards of entries that the plan names several times."""
        self.draw()
        return self._more

    def add_cards(self) -> None:
        """Put the cards here."""
        self.body.addWidget(self._trouble)
        for key, entry in self._entries.items():
            self._cards[key] = EntryCard(entry)
            self._cards[key].changed.connect(self._on_changed)
            self.body.addWidget(self._cards[key])
        self.body.setSpacing(INSIDE)

    def show_values(self, plan: AuditPlan) -> None:
        """Tick and fill the cards."""
        super().show_values(plan)
        choices = cast("tuple[Choice, ...]", value_of(plan, self._field))
        for key, card in self._cards.items():
            mine = [choice for choice in choices if choice.key == key]
            card.show_choice(mine[0] if mine else None)
            for extra in self._more.pop(key, ()):
                extra.deleteLater()
            for choice in mine[1:]:
                self.add_card(choice)

    def add_card(self, choice: Choice) -> None:
        """One more card of an entry that the plan names several times, below its first."""
        before = [self._cards[choice.key], *self._more.get(choice.key, ())]
        card = EntryCard(self._entries[choice.key])
        card.show_choice(choice)
        card.changed.connect(self._on_changed)
        self._more.setdefault(choice.key, []).append(card)
        self.body.insertWidget(self.body.indexOf(before[-1]) + 1, card)

    def tell_troubles(self, troubles: tuple[Trouble, ...]) -> None:
        """As for any section, and above the cards."""
        super().tell_troubles(troubles)
        _complain(self._trouble, self._field, troubles)

    def chosen(self) -> tuple[Choice, ...]:
        """What is ticked, in the order of the cards."""
        cards = [card for key, first in self.cards.items() for card in (first, *self._more.get(key, ()))]
        return tuple(choice for card in cards if (choice := card.choice) is not None)

    def _on_changed(self) -> None:
        self.edited.emit(self._field, self.chosen())


class AttackSection(EntriesSection):
    """Which perturbations are crafted."""

    HOLDS = ("attacks",)

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Attacks", "attacks", catalogue.attacks)

    def fill(self) -> None:
        """The cards, and the way to bring one's own."""
        self.add_cards()
        if IMPORTED in self._cards:
            button = secondary("Add perturbation files…", self._on_browse)
            self.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def add_files(self, files: tuple[str, ...]) -> None:
        """Have perturbation files scored too: on the card that waits for one, or on cards of their own."""
        for file in files:
            choice, first = imported_choice(file, self.chosen()), self.cards[IMPORTED]
            if first.choice is None or not first.choice.values:
                first.show_choice(choice)
            else:
                self.add_card(choice)
        self._on_changed()

    def chosen(self) -> tuple[Choice, ...]:
        """What is ticked; a perturbation is named after its file until the user's plan says otherwise."""
        found = super().chosen()
        for number, choice in enumerate(found):
            if choice.key == IMPORTED and choice.values and not choice.name:
                named = imported_choice(str(choice.values["file"]), (*found[:number], *found[number + 1 :]))
                found = (*found[:number], named, *found[number + 1 :])
        return found

    def _on_browse(self) -> None:
        fields = self._entries[IMPORTED].fields
        endings = tuple(ending for field in fields for ending in field.endings)
        files, _ = QFileDialog.getOpenFileNames(self, "Perturbation files", "", file_filter("Perturbations", endings))
        if files:
            self.add_files(tuple(files))


class DefenceSection(EntriesSection):
    """Which systems are compared, and how ZePAD is built."""

    HOLDS = ("defences", "auxiliary", "tuning", "benign", "detector", "purifying")

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Defence", "defences", catalogue.defences)
        self._catalogue = catalogue

    def fill(self) -> None:
        """How ZePAD is built, and the systems."""
        catalogue = self._catalogue
        self.add_source("auxiliary", "Auxiliary encoder", _encoders(catalogue), _ENCODER_FILES)
        self.add_choice("benign.source", "Benign branch", _BENIGN, "Where its encoder comes from.")
        self.add_integer("tuning.images", "Images to tune on", "images", step=100)
        self.add_integer("tuning.epochs", "Epochs of tuning", "epochs")
        self.add_integer("benign.epochs", "Epochs of the benign branch", "epochs")
        self.add_choice("tuning.regularisation", "Regularisation", _REGULARISATION, "How lambda is set.")
        self.add_number("tuning.weight", "Its weight", 0.5, "times CE, or lambda itself")
        self.add_choice("detector.confidence", "Detector looks at", _CONFIDENCE, "Which confidence is compared.")
        self.add_choice("detector.aggregation", "Two MPAE branches", _AGGREGATION, "How their confidences become one.")
        self.add_number("detector.target_fpr", "False alarms of the detector", 0.01, "share of clean images")
        self.body.addSpacing(INSIDE)
        self.body.addWidget(label("Systems compared"))
        self.add_cards()


class RunningSection(PlanSection):
    """On what the audit runs, and how."""

    HOLDS = ("device", "arithmetic", "workers", "threads", "batch")

    def __init__(self, theme: Theme, ready: Ready) -> None:
        super().__init__(theme, "How it runs")
        self._ready = ready
        self.device = label("")
        self.device.setWordWrap(True)

    def fill(self) -> None:
        """The device and how it is used."""
        self.body.addWidget(FieldRow("Device", self.device))
        self.add_choice(
            "arithmetic",
            "Arithmetic",
            _ARITHMETIC,
            "Of crafting and training: exact is float32 throughout. Scoring is float32 in both.",
        )
        self.add_integer("workers", "Worker processes", f"{self._ready.workers} when automatic", zero=_AUTOMATIC)
        self.add_integer("threads", "Threads of each worker", "1 is fastest where every core has a worker")
        self.add_integer("batch", "Images per pass", "outside training", step=32, zero=_AUTOMATIC)

    def show_values(self, plan: AuditPlan) -> None:
        """Show the values, and the device by its name."""
        super().show_values(plan)
        self.device.setText(device_in_words(plan, self._ready))


def _trouble_label() -> QLabel:
    words = label("", "caption")
    words.setProperty("meaning", "warning")
    words.hide()
    return words


def _complain(words: QLabel, field: str, troubles: tuple[Trouble, ...]) -> None:
    said = next((trouble.sentence for trouble in troubles if trouble.field == field), "")
    words.setText(said)
    words.setVisible(bool(said))
