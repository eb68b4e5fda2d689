"""What the engine can do, told in a form the window can draw: attacks, defences, downstream tasks. Torch-free."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from zepad_engine.branches import Branch

FieldValue: TypeAlias = bool | int | float | str
FieldKind: TypeAlias = Literal["integer", "number", "choice", "switch", "file"]

# What an attack may be crafted against, and the branches whose encoders that takes.
ORIGINS: Final[dict[str, tuple[Branch, ...]]] = {
    "victim": ("victim",),
    "auxiliary": ("auxiliary",),
    "benign": ("benign",),
    "public_pair": ("victim", "auxiliary"),
    "originals": ("victim", "auxiliary", "benign"),
    # Read from a file: nobody says against what.
    "elsewhere": (),
}


# In the name of every attack that is aimed at nothing.
CONTROL: Final = "(control)"


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One declared field of an attack or a defence.

    Attributes:
        low, high: inclusive range of a number; None for a choice or a switch.
        step: increment that suits a spin box.
        unit: "steps", "/255", ...; empty where the number has none.
        choices: the words of a choice field.
        endings: of the names of the files a file field takes, each with its dot; its value is a path, "" for none.
    """

    key: str
    label: str
    kind: FieldKind
    default: FieldValue
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    help: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An attack or a defence: identity, source, fields, and the values each preset gives them.

    Attributes:
        origin: what an attack is crafted against by default, a key of ``ORIGINS``.
        step_seconds: estimated seconds of one core per step on the reference machine; 0 for a defence.
        norm: what bounds an attack on the encoder: "linf" the budget, "patch" the area it covers.
        branches: of a defence.
        knowledge, evades: of an attack on the defended system: what the attacker has, and whether being flagged counts
            as failing.
    """

    key: str
    name: str
    summary: str
    citation: str
    fields: tuple[Field, ...] = ()
    presets: dict[str, dict[str, FieldValue]] = {}
    origin: str = "victim"
    step_seconds: float = 0.0
    norm: str = "linf"
    branches: tuple[Branch, ...] = ()
    knowledge: str = ""
    evades: bool = False


class TaskEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundled image set: a downstream task (labelled) or a surrogate set for the attacker."""

    key: str
    name: str
    summary: str
    source: str
    licence: str
    kind: Literal["task", "surrogate"] = "task"
    classes: tuple[str, ...] = ()
    counts: dict[str, int] = {}


class EncoderEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundled encoder."""

    key: str
    name: str
    summary: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a plan may name."""

    attacks: tuple[Entry, ...] = ()
    adaptive: tuple[Entry, ...] = ()
    defences: tuple[Entry, ...] = ()
    tasks: tuple[TaskEntry, ...] = ()
    encoders: tuple[EncoderEntry, ...] = ()
