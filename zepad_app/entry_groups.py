"""Entries of the catalogue under headings, by their kind; new ones find their place by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from zepad_engine.catalogue import CONTROL, Entry
from zepad_engine.plan import IMPORTED


class EntryGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A heading, a line on what its entries have in common, and the entries."""

    title: str
    about: str
    entries: tuple[Entry, ...]


_CONTROLS: Final = frozenset({"undefended", "random_encoder", "clean_ensemble", "tuned_ensemble"})
_ZEPAD: Final = frozenset({"benign", "tuned_victim", "tuned_auxiliary"})
_KNOWLEDGE: Final = {
    "white-box": ("With the system in hand", "Gradients through every branch and the fusion."),
    "black-box": ("By asking", "Answers only, no gradients."),
    "transfer": ("By transfer", "Made on another model of the task, then tried on the system."),
}
_ATTACKS: Final = {
    "universal": ("Universal perturbations", "One pattern added to every picture, made on the public encoder."),
    "leaked": ("On an encoder of the defence", "As if one of the defender's own encoders had leaked."),
    "patch": ("Patches", "A small square laid over every picture; its colours are free, its place is not."),
    "control": ("Controls", "Aimed at nothing: what any change of this size does."),
    "imported": ("Made elsewhere", "Perturbations from files, scored beside the others."),
}
_DEFENCES: Final = {
    "control": ("Controls", "What decides what a defence is worth."),
    "zepad": ("ZePAD and its parts", "The defence of arXiv 2602.11204, and what it is without this or that."),
    "rival": ("Other defences", "Trained or fitted on the same images."),
}


def attack_groups(entries: tuple[Entry, ...]) -> tuple[EntryGroup, ...]:
    """Attacks on encoders by what they are."""
    return _grouped(entries, _attack_kind, _ATTACKS)


def adaptive_groups(entries: tuple[Entry, ...]) -> tuple[EntryGroup, ...]:
    """Attacks on systems by what the attacker has."""
    return _grouped(entries, lambda entry: entry.knowledge or "white-box", _KNOWLEDGE)


def defence_groups(entries: tuple[Entry, ...]) -> tuple[EntryGroup, ...]:
    """Defences by what they are compared for."""
    return _grouped(entries, _defence_kind, _DEFENCES)


def matches(words: str, *texts: str) -> bool:
    """Whether every word typed is somewhere in the texts."""
    everything = " ".join(texts).lower()
    return all(word in everything for word in words.lower().split())


def _attack_kind(entry: Entry) -> str:
    if entry.key == IMPORTED:
        return "imported"
    if CONTROL in entry.name:
        return "control"
    if entry.norm == "patch":
        return "patch"
    return "leaked" if entry.origin in ("benign", "originals") else "universal"


def _defence_kind(entry: Entry) -> str:
    if entry.key in _CONTROLS:
        return "control"
    return "zepad" if _ZEPAD & set(entry.branches) or entry.key.startswith("zepad") else "rival"


def _grouped(
    entries: tuple[Entry, ...], kind_of: Callable[[Entry], str], titles: dict[str, tuple[str, str]]
) -> tuple[EntryGroup, ...]:
    found: dict[str, list[Entry]] = {kind: [] for kind in titles}
    for entry in entries:
        found.setdefault(kind_of(entry), []).append(entry)
    return tuple(
        EntryGroup(title=titles.get(kind, (kind, ""))[0], about=titles.get(kind, ("", ""))[1], entries=tuple(members))
        for kind, members in found.items()
        if members
    )
