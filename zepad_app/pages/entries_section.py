"""A section of cards drawn from catalogue entries, under headings, ticked where the plan names them."""

from __future__ import annotations

from typing import Final, Literal, cast

from PySide6.QtWidgets import QFrame, QVBoxLayout

from zepad_app.entry_groups import EntryGroup, matches
from zepad_app.pages.plan_section import PlanSection, complain, trouble_label
from zepad_app.plan_edit import value_of
from zepad_app.theme import Theme, label
from zepad_app.threat import Need, Threat, need_of
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.card_flow import CardFlow
from zepad_app.widgets.entry_card import EntryCard
from zepad_engine.catalogue import Entry
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.plan_checks import Trouble

_LACKING: Final[dict[Need, str]] = {
    "branch": "This attacker has no encoder of the defence.",
    "system": "This attacker does not have the defended system.",
    "answers": "This attacker cannot ask the deployed system.",
    "labels": "This attacker has no labelled pictures of the task.",
}


class GroupBox(QFrame):
    """A heading, what its cards have in common, and the cards."""

    def __init__(self, theme: Theme, group: EntryGroup) -> None:
        super().__init__()
        self.group = group
        self.flow = CardFlow(theme)
        self._title = label(group.title)
        self._title.setProperty("strong", True)
        about = label(group.about, "caption", soft=True)
        about.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, INSIDE)
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addWidget(about)
        column.addSpacing(4)
        column.addWidget(self.flow)


class EntriesSection(PlanSection):
    """Cards that edit one tuple of choices of the plan; the threat model decides which are offered."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        field: Literal["attacks", "defences", "adaptive.attacks"],
        groups: tuple[EntryGroup, ...],
    ) -> None:
        super().__init__(theme, title)
        self._field = field
        self._groups = groups
        self._entries = {entry.key: entry for group in groups for entry in group.entries}
        self._boxes: dict[str, GroupBox] = {}
        self._cards: dict[str, EntryCard] = {}
        self._more: dict[str, list[EntryCard]] = {}
        self._threat = Threat(knows="system")
        self._words = ""
        self._trouble = trouble_label()

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
        for group in self._groups:
            box = GroupBox(self._theme, group)
            for entry in group.entries:
                self._boxes[entry.key] = box
                self._cards[entry.key] = self._card(entry)
                box.flow.add(self._cards[entry.key])
            self.body.addWidget(box)
        self.body.setSpacing(BETWEEN)

    def add_card(self, choice: Choice) -> None:
        """One more card of an entry that the plan names several times, below its first."""
        before = [self._cards[choice.key], *self._more.get(choice.key, ())]
        card = self._card(self._entries[choice.key])
        card.show_choice(choice)
        self._more.setdefault(choice.key, []).append(card)
        self._boxes[choice.key].flow.add(card, after=before[-1])

    def show_values(self, plan: AuditPlan) -> None:
        """Tick and fill the cards."""
        super().show_values(plan)
        choices = cast("tuple[Choice, ...]", value_of(plan, self._field))
        for key, card in self._cards.items():
            mine = [choice for choice in choices if choice.key == key]
            card.show_choice(mine[0] if mine else None)
            for extra in self._more.pop(key, ()):
                self._boxes[key].flow.take(extra)
                extra.deleteLater()
            for choice in mine[1:]:
                self.add_card(choice)
        self._offer()

    def show_threat(self, threat: Threat) -> None:
        """Offer what this attacker can do."""
        self._threat = threat
        self._offer()

    def tell_troubles(self, troubles: tuple[Trouble, ...]) -> None:
        """As for any section, and above the cards."""
        super().tell_troubles(troubles)
        complain(self._trouble, self._field, troubles)

    def count(self, words: str) -> int:
        """How many entries have all these words in name, description, citation or heading."""
        return sum(self._found(group, entry, words) for group in self._groups for entry in group.entries)

    def narrow(self, words: str) -> None:
        """Show only the cards that have these words."""
        super().narrow(words)
        self._words = words
        for box in dict.fromkeys(self._boxes.values()):
            shown = {entry.key for entry in box.group.entries if self._found(box.group, entry, words)}
            cards = [self._cards[key] for key in shown] + [card for key in shown for card in self._more.get(key, ())]
            box.flow.show_only(set(cards) if words else None)
            box.setVisible(bool(shown))

    def chosen(self) -> tuple[Choice, ...]:
        """What is ticked, in the order of the cards."""
        cards = [card for key, first in self.cards.items() for card in (first, *self._more.get(key, ()))]
        return tuple(choice for card in cards if (choice := card.choice) is not None)

    def _card(self, entry: Entry) -> EntryCard:
        card = EntryCard(entry)
        card.changed.connect(self._on_changed)
        card.unfolded.connect(self._boxes[entry.key].flow.arrange)
        return card

    def _found(self, group: EntryGroup, entry: Entry, words: str) -> bool:
        return matches(words, entry.name, entry.summary, entry.citation, group.title)

    def _offer(self) -> None:
        for key, first in self._cards.items():
            for card in (first, *self._more.get(key, ())):
                need = need_of(self._entries[key], card.choice) if self._field != "defences" else ""
                card.offer("" if self._threat.allows(need) else _LACKING.get(need, ""))

    def _on_changed(self) -> None:
        self.edited.emit(self._field, self.chosen())
