"""Declared fields: a frozen dataclass whose annotations carry ranges and units becomes a form and a recipe."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from zepad_engine.catalogue import Entry, Field, FieldKind, FieldValue
from zepad_engine.errors import BadPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Inclusive range of a number, with what a form needs to draw it."""

    low: float
    high: float
    label: str
    step: float = 1.0
    unit: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Label and help of a choice or a switch."""

    label: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Label and help of a path, and the endings of the names it may have."""

    label: str
    endings: tuple[str, ...]
    help: str = ""


def declared_fields(kind: type) -> tuple[Field, ...]:
    """The fields of a frozen dataclass, in declared order, as the window's forms show them."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(_field(item, hints[item.name]) for item in dataclasses.fields(kind))


def _field(item: dataclasses.Field[Any], hint: Any) -> Field:  # noqa: ANN401 - a type form has no better name
    inner, note = get_args(hint) if get_origin(hint) is Annotated else (hint, Words(label=item.name))
    kind = _kind(inner)
    if not isinstance(item.default, bool | int | float | str):
        raise TypeError(f"{item.name} needs a plain default")
    if isinstance(note, Range):
        return Field(
            key=item.name,
            label=note.label,
            kind=kind,
            default=item.default,
            low=note.low,
            high=note.high,
            step=note.step,
            unit=note.unit,
            help=note.help,
        )
    choices = get_args(inner) if kind == "choice" else ()
    endings = note.endings if isinstance(note, File) else ()
    return Field(
        key=item.name,
        label=note.label,
        kind=kind,
        default=item.default,
        choices=choices,
        endings=endings,
        help=note.help,
    )


def _kind(inner: Any) -> FieldKind:  # noqa: ANN401 - a type form has no better name
    if get_origin(inner) is Literal:
        return "choice"
    kinds: dict[type, FieldKind] = {bool: "switch", int: "integer", float: "number", str: "file"}
    return kinds[inner]


def describe_value(kind: type) -> Entry:
    """The catalogue entry of an attack or a defence class."""
    return Entry(
        key=kind.key,  # type: ignore[attr-defined]
        name=kind.name,  # type: ignore[attr-defined]
        summary=kind.summary,  # type: ignore[attr-defined]
        citation=kind.citation,  # type: ignore[attr-defined]
        fields=declared_fields(kind),
        presets=getattr(kind, "presets", {}),
        origin=getattr(kind, "origin", "victim"),
        step_seconds=getattr(kind, "step_seconds", 0.0),
        norm=getattr(kind, "norm", "linf"),
        branches=getattr(kind, "branches", ()),
        knowledge=getattr(kind, "knowledge", ""),
        evades=getattr(kind, "evades", False),
    )


def checked_values(kind: type, values: dict[str, FieldValue]) -> dict[str, Any]:
    """``values`` as keyword arguments for ``kind``.

    Raises:
        BadPlan: an unknown field, a wrong type or a number out of its range.
    """
    fields = {field.key: field for field in declared_fields(kind)}
    return {key: _checked(kind, fields.get(key), key, value) for key, value in values.items()}


def _checked(kind: type, field: Field | None, key: str, value: FieldValue) -> FieldValue:
    name = kind.name  # type: ignore[attr-defined]
    if field is None:
        raise BadPlan(f"{name} has no field {key}.", "Remove it from the plan.")
    if field.kind == "choice" and value not in field.choices:
        raise BadPlan(f"{name}: {field.label} must be one of {', '.join(field.choices)}; it is {value}.")
    if field.kind == "switch" and not isinstance(value, bool):
        raise BadPlan(f"{name}: {field.label} must be true or false; it is {value}.")
    if field.kind == "file" and not isinstance(value, str):
        raise BadPlan(f"{name}: {field.label} must be the path of a file; it is {value}.")
    if field.kind in {"integer", "number"}:
        return _checked_number(name, field, value)
    return value


def _checked_number(name: str, field: Field, value: FieldValue) -> FieldValue:
    if isinstance(value, bool | str):
        raise BadPlan(f"{name}: {field.label} must be a number; it is {value}.")
    low, high = field.low or 0.0, field.high if field.high is not None else float("inf")
    if not low <= value <= high:
        raise BadPlan(f"{name}: {field.label} must lie between {low:g} and {high:g}; it is {value:g}.")
    if field.kind == "integer" and value != int(value):
        raise BadPlan(f"{name}: {field.label} must be a whole number; it is {value:g}.")
    return int(value) if field.kind == "integer" else float(value)
