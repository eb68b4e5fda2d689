"""What differs between two plans, field by field in plain words, grouped as the plan page groups them.

The walk is over the plan's own structs, so a new field is told without a word here; the tables only name things better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from zepad_engine.comparison import PlanChange
from zepad_engine.plan import SAMPLE_PREFIX, AuditPlan, Choice
from zepad_engine.shown_names import shown_name

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Threat": ("encoder", "encoder_says", "epsilon_255", "surrogate_set", "surrogate_images"),
    "Data and tasks": ("tasks", "local_set", "heads"),
    "Attacks": ("attacks", "recrafting"),
    "Defence": ("defences", "auxiliary", "auxiliary_says", "benign", "tuning", "detector", "purifying", "switches"),
    "Attacks on the systems": ("adaptive",),
    "How it runs": (),
}
# Better than the field's own name. tests/engine/comparing keeps this list to fields that exist.
NAMES: Final[dict[str, str]] = {
    "encoder": "Encoder under audit",
    "encoder_says": "Encoder as you described it",
    "auxiliary_says": "Auxiliary as you described it",
    "epsilon_255": "Budget per pixel",
    "surrogate_set": "Attacker's pictures",
    "surrogate_images": "How many of the attacker's pictures",
    "tasks": "Downstream task",
    "local_set": "Defender's pictures",
    "heads": "Heads",
    "heads.train_images": "Training images per task",
    "heads.test_images": "Test images per task",
    "attacks": "Attack",
    "defences": "System",
    "auxiliary": "Auxiliary encoder",
    "benign": "Benign branch",
    "benign.source": "Where the benign branch comes from",
    "benign.epochs": "Epochs of the benign branch",
    "tuning": "Tuning",
    "tuning.images": "Images to tune on",
    "tuning.epochs": "Epochs of tuning",
    "tuning.weight": "Weight of the regularisation",
    "tuning.epsilon_255": "Budget while tuning",
    "tuning.step_255": "Step while tuning",
    "detector": "Detector",
    "detector.target_fpr": "False alarms the detector aims at",
    "switches": "As in the release",
    "adaptive.attacks": "Attack on the systems",
    "adaptive.defences": "System attacked",
    "adaptive.tasks": "Tasks attacked",
    "adaptive.images": "Images attacked per task",
    "adaptive.checked_images": "Images checked for trust",
    "recrafting.attacks": "Attack crafted anew",
    "recrafting.defences": "System in the curves",
    "recrafting.tasks": "Tasks with curves",
    "recrafting.budgets_255": "Budgets of the curves",
    "recrafting.steps": "Steps of the curves, times the attack's own",
    "recrafting.starts": "Starts of the curves",
    "workers": "Worker processes",
    "threads": "Threads of each worker",
    "batch": "Images per pass",
    "schema_version": "Version of the plan",
}
_NOTHING: Final = "–"
_DEFAULT: Final = "default"


def plan_changes(first: AuditPlan, second: AuditPlan, names: Mapping[str, str]) -> tuple[PlanChange, ...]:
    """The fields that differ, group by group; ``names`` says what attacks, defences and tasks are called."""
    order = list(GROUPS)
    found = [
        PlanChange(group=group_of(place), field=name, first=before, second=after)
        for place, name, before, after in _walk("", first, second, names)
    ]
    return tuple(sorted(found, key=lambda change: order.index(change.group)))


def group_of(place: str) -> str:
    """The part of the plan page a field stands in; what belongs to no other tells how the audit runs."""
    top = place.partition(".")[0]
    return next((group for group, fields in GROUPS.items() if top in fields), "How it runs")


def name_of(place: str) -> str:
    """What a field is called: by the table, or by its own name and that of the part it belongs to."""
    if place in NAMES:
        return NAMES[place]
    parent, _, own = place.rpartition(".")
    words = own.removesuffix("_255").replace("_", " ")
    named = f"{name_of(parent)}: {words}" if parent else words
    return named[:1].upper() + named[1:]


_Told = Iterator[tuple[str, str, str, str]]


def _walk(place: str, first: Any, second: Any, names: Mapping[str, str]) -> _Told:  # noqa: ANN401 - any field
    """Place, what it is called, and the two values in words, of each field that differs."""
    if first == second:
        return
    if isinstance(first, msgspec.Struct) and isinstance(second, msgspec.Struct):
        for field in first.__struct_fields__:
            below = f"{place}.{field}" if place else field
            yield from _walk(below, getattr(first, field), getattr(second, field), names)
    elif isinstance(first, tuple) and isinstance(second, tuple) and (first + second) and _named(first + second):
        yield from _walk_items(place, first, second, names)
    else:
        yield place, name_of(place), in_words(place, first), in_words(place, second)


def _named(items: tuple[Any, ...]) -> bool:
    """Things that have a name of their own, and so are told one by one; three numbers of a normalisation are not."""
    return all(isinstance(item, str | Choice) for item in items)


def _walk_items(place: str, first: tuple[Any, ...], second: tuple[Any, ...], names: Mapping[str, str]) -> _Told:
    one, other = ({_identity(item): item for item in items} for items in (first, second))
    changed = False
    for identity in dict.fromkeys((*one, *other)):
        name = f"{name_of(place)} {_called(identity, names)}"
        if identity not in other or identity not in one:
            changed = True
            before, after = ("in the plan" if identity in plan else _NOTHING for plan in (one, other))
            yield place, name, before, after
        elif one[identity] != other[identity]:
            changed = True
            yield from _walk_values(place, name, one[identity].values, other[identity].values)
    if not changed:
        before, after = (", ".join(_called(identity, names) for identity in plan) for plan in (one, other))
        yield place, f"{name_of(place)}: order", before, after


def _walk_values(place: str, name: str, first: dict[str, Any], second: dict[str, Any]) -> _Told:
    for field in dict.fromkeys((*first, *second)):
        before, after = (values.get(field) for values in (first, second))
        if before != after:
            told = [_DEFAULT if value is None else in_words(field, value) for value in (before, after)]
            yield place, f"{name}: {field.replace('_', ' ')}", told[0], told[1]


def in_words(place: str, value: Any) -> str:  # noqa: ANN401 - any field's value
    """A value as a reader would say it; fields that end in 255 are in that unit."""
    if value is None:
        return "not said"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return f"{value:g}/255" if place.endswith("_255") else f"{value:,}" if isinstance(value, int) else f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(in_words("", item) for item in value) or _NOTHING
    return _shown(str(value)) if value != "" else _NOTHING


def _identity(item: str | Choice) -> str:
    return item if isinstance(item, str) else item.identity


def _called(identity: str, names: Mapping[str, str]) -> str:
    return names.get(identity.removeprefix(SAMPLE_PREFIX)) or _shown(identity)


def _shown(text: str) -> str:
    return shown_name(text.removeprefix(SAMPLE_PREFIX))
