"""Sections of a plan: data and tasks, attacks on the encoder, defences, and how it runs."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QFileDialog

from zepad_app.entry_groups import attack_groups, defence_groups, matches
from zepad_app.pages.entries_section import EntriesSection
from zepad_app.pages.plan_section import (
    PlanSection,
    complain,
    encoder_choices,
    sample_key,
    set_choices,
    trouble_label,
)
from zepad_app.pages.plan_words import device_choices
from zepad_app.pages.threat_section import ENCODER_FILES
from zepad_app.theme import Theme, label
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.file_input import file_filter
from zepad_app.widgets.inputs import ChoiceInput
from zepad_app.widgets.task_list import TaskList
from zepad_engine.catalogue import Catalogue, TaskEntry
from zepad_engine.messages import Ready
from zepad_engine.plan import IMPORTED, AuditPlan, Choice, imported_choice
from zepad_engine.plan_checks import Trouble

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


_ANEW: Final = (
    "AdvEncoder-PER and sign noise, where the plan has them, are crafted from their start at each of these budgets too;"
    " the results show the accuracy left at each."
)


class DataSection(PlanSection):
    """Which tasks are built on the encoder, and the defender's own pictures."""

    HOLDS = ("tasks", "local_set", "heads")

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Data and tasks")
        self._catalogue = catalogue
        self._bundled = tuple(entry for entry in catalogue.tasks if entry.kind == "task")
        self._tasks = TaskList(theme, tuple(map(_task_card, self._bundled)))
        self._tasks.edited.connect(lambda tasks: self.edited.emit("tasks", tasks))
        self._trouble = trouble_label()

    @property
    def tasks(self) -> TaskList:
        """The tasks to tick."""
        self.draw()
        return self._tasks

    def fill(self) -> None:
        """The tasks, and the defender's pictures."""
        catalogue = self._catalogue
        self.body.addWidget(self._tasks)
        self.body.addWidget(self._trouble)
        self.add_source(
            "local_set",
            "Defender's pictures",
            set_choices(catalogue, "task"),
            hint="Labelled; the defence is tuned on them.",
        )
        self.add_integer("heads.train_images", "Training images per task", "images", step=100)
        self.add_integer("heads.test_images", "Test images per task", "images", step=100)

    def count(self, words: str) -> int:
        """How many bundled sets have all these words."""
        return sum(matches(words, *_task_card(entry)) for entry in self._bundled)

    def narrow(self, words: str) -> None:
        """Show only the sets that have these words."""
        super().narrow(words)
        self._tasks.narrow(words)

    def show_values(self, plan: AuditPlan) -> None:
        """Show the values and tick the tasks."""
        super().show_values(plan)
        self._tasks.show_tasks(plan.tasks)

    def tell_troubles(self, troubles: tuple[Trouble, ...]) -> None:
        """As for any section, and beside the tasks."""
        super().tell_troubles(troubles)
        complain(self._trouble, "tasks", troubles)


class AttackSection(EntriesSection):
    """Which perturbations are crafted."""

    HOLDS = ("attacks", "recrafting")

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        super().__init__(theme, "Attacks on the encoder", "attacks", attack_groups(catalogue.attacks))

    def fill(self) -> None:
        """The cards, the way to bring one's own, and the curves."""
        self.add_cards()
        if IMPORTED in self._cards:
            button = secondary("Add perturbation files…", self._on_browse)
            self.add_beside(button, whole=False)
        self.add_heading("How strong they get")
        about = label(_ANEW, "caption", soft=True)
        about.setWordWrap(True)
        self.add_beside(about)
        self.add_budgets("recrafting.budgets_255", "Crafted anew at")
        self.add_integer("recrafting.starts", "Starts compared", "seeds", "The attacker keeps his best.")
        self.add_integer("recrafting.tasks", "Tasks with curves", "of the plan, unseen ones first")

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
        super().__init__(theme, "Defences", "defences", defence_groups(catalogue.defences))
        self._catalogue = catalogue

    def fill(self) -> None:
        """How ZePAD is built, and the systems."""
        self.add_cards()
        self.add_heading("How ZePAD is built")
        self.add_source("auxiliary", "Auxiliary encoder", encoder_choices(self._catalogue), ENCODER_FILES)
        self.add_choice("benign.source", "Benign branch", _BENIGN, "Where its encoder comes from.")
        self.add_integer("tuning.images", "Images to tune on", "images", step=100)
        self.add_integer("tuning.epochs", "Epochs of tuning", "epochs")
        self.add_integer("benign.epochs", "Epochs of the benign branch", "epochs")
        self.add_choice("tuning.regularisation", "Regularisation", _REGULARISATION, "How lambda is set.")
        self.add_number("tuning.weight", "Its weight", 0.5, "times CE, or lambda itself")
        self.add_choice("detector.confidence", "Detector looks at", _CONFIDENCE, "Which confidence is compared.")
        self.add_choice("detector.aggregation", "Two MPAE branches", _AGGREGATION, "How their confidences become one.")
        self.add_number("detector.target_fpr", "False alarms of the detector", 0.01, "share of clean images")


class RunningSection(PlanSection):
    """On what the audit runs, and how."""

    HOLDS = ("device", "arithmetic", "workers", "threads", "batch")

    def __init__(self, theme: Theme, ready: Ready) -> None:
        super().__init__(theme, "How it runs")
        self._ready = ready

    def fill(self) -> None:
        """The device and how it is used."""
        self.add_choice("device", "Device", device_choices(self._ready), "Free memory is as of the engine's start.")
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
        """Show the values; a device this machine does not have is shown as the plan names it."""
        device = self._rows["device"].control
        assert isinstance(device, ChoiceInput)
        if device.findData(plan.device) < 0:
            device.addItem(f"{plan.device}, not on this machine", plan.device)
        super().show_values(plan)


def _task_card(entry: TaskEntry) -> tuple[str, str, str, str]:
    """Key, name, what it is, where it comes from."""
    return sample_key(entry.key), entry.name, entry.summary, f"{entry.source} {entry.licence}".strip()
