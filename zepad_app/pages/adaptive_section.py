"""The part of a plan on attacks that have the defended system in hand: which, on which systems, on how many images."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from zepad_app.entry_groups import adaptive_groups
from zepad_app.pages.entries_section import EntriesSection
from zepad_app.results.sheet import clear
from zepad_app.results.wording import defence_name
from zepad_app.theme import Theme, label
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_engine.catalogue import Catalogue, Entry
from zepad_engine.plan import AuditPlan

_COLUMNS = 2


class AdaptiveSection(EntriesSection):
    """Attacks on the defended systems."""

    HOLDS = ("adaptive",)

    def __init__(self, theme: Theme, catalogue: Catalogue) -> None:
        entries = tuple(_told(entry) for entry in catalogue.adaptive)
        super().__init__(theme, "Attacks on the systems", "adaptive.attacks", adaptive_groups(entries))
        self._systems: dict[str, QCheckBox] = {}
        self._names = {entry.key: entry.name for entry in catalogue.defences}
        self._targets: tuple[str, ...] = ()

    @property
    def systems(self) -> dict[str, QCheckBox]:
        """A box for each system of the plan."""
        self.draw()
        return self._systems

    def fill(self) -> None:
        """What these attacks are, on what, and which."""
        words = label(
            "Attacks on the defended system: here the attacker has the system itself. Slow: each attack runs on each "
            "system ticked.",
            soft=True,
        )
        words.setWordWrap(True)
        self.add_beside(words)
        self.add_beside(label("Systems attacked"))
        systems = QWidget()
        self._grid = QGridLayout(systems)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(BETWEEN)
        self._grid.setVerticalSpacing(INSIDE)
        self.add_beside(systems)
        self.add_integer("adaptive.tasks", "Tasks attacked", "of the plan, unseen ones first")
        self.add_integer("adaptive.images", "Images attacked per task", "images", step=32)
        self.add_integer("adaptive.checked_images", "Images for the trust checks", "images", step=10, zero="no checks")
        self.add_cards()

    def show_values(self, plan: AuditPlan) -> None:
        """Show the values, and a box for each system of the plan."""
        super().show_values(plan)
        self._targets = plan.adaptive.defences
        identities = tuple(choice.identity for choice in plan.defences)
        if identities != tuple(self._systems):
            self._draw_systems(identities)
        for identity, box in self._systems.items():
            with QSignalBlocker(box):
                box.setChecked(identity in self._targets)

    def _draw_systems(self, identities: tuple[str, ...]) -> None:
        clear(self._grid)
        self._systems = {}
        for place, identity in enumerate(identities):
            box = QCheckBox(self._names.get(identity) or defence_name(identity))
            box.toggled.connect(self._on_system)
            self._systems[identity] = box
            self._grid.addWidget(box, place // _COLUMNS, place % _COLUMNS)

    def _on_system(self) -> None:
        # Systems that are not in the plan now keep their tick for when they come back.
        absent = tuple(target for target in self._targets if target not in self._systems)
        ticked = tuple(identity for identity, box in self._systems.items() if box.isChecked())
        self._targets = (*ticked, *absent)
        self.edited.emit("adaptive.defences", self._targets)


def _told(entry: Entry) -> Entry:
    """The entry with what counts as its success before its summary."""
    if not entry.evades:
        return entry
    return msgspec.structs.replace(entry, summary=f"Counts only where the image is not flagged. {entry.summary}")
