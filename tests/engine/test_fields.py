"""Declared fields: what a class says of itself becomes a form, and a plan's values are held to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import pytest

from zepad_engine.catalogue import Field
from zepad_engine.errors import BadPlan
from zepad_engine.fields import File, Range, Words, checked_values, declared_fields, describe_value


@dataclass(frozen=True, kw_only=True)
class Toy:
    """A value with one field of each kind."""

    key: ClassVar[str] = "toy"
    name: ClassVar[str] = "Toy"
    summary: ClassVar[str] = "A toy."
    citation: ClassVar[str] = "nobody"
    presets: ClassVar = {"quick": {"steps": 2}}

    steps: Annotated[int, Range(low=1, high=9, label="Steps", step=2, unit="steps", help="how many")] = 3
    rate: Annotated[float, Range(low=0.0, high=1.0, label="Rate")] = 0.5
    kind: Annotated[Literal["a", "b"], Words(label="Kind", help="which")] = "a"
    loud: Annotated[bool, Words(label="Loud")] = False
    tune: Annotated[str, File(label="Tune", endings=(".wav", ".mid"), help="to play")] = ""


def test_fields_come_in_declared_order_with_all_that_a_form_needs():
    steps, rate, kind, loud, tune = declared_fields(Toy)
    assert steps == Field(
        key="steps",
        label="Steps",
        kind="integer",
        default=3,
        low=1,
        high=9,
        step=2,
        unit="steps",
        help="how many",
    )
    assert (rate.kind, rate.low, rate.high, rate.default) == ("number", 0.0, 1.0, 0.5)
    assert (kind.kind, kind.choices, kind.help, kind.low) == ("choice", ("a", "b"), "which", None)
    assert (loud.kind, loud.default, loud.choices) == ("switch", False, ())
    assert tune == Field(key="tune", label="Tune", kind="file", default="", endings=(".wav", ".mid"), help="to play")


def test_the_catalogue_entry_carries_identity_and_presets():
    entry = describe_value(Toy)
    assert (entry.key, entry.name, entry.citation) == ("toy", "Toy", "nobody")
    assert [field.key for field in entry.fields] == ["steps", "rate", "kind", "loud", "tune"]
    assert entry.presets == {"quick": {"steps": 2}}


def test_a_field_without_a_plain_default_is_refused():
    @dataclass(frozen=True)
    class Bare:
        steps: Annotated[int, Range(low=0, high=1, label="Steps")]

    with pytest.raises(TypeError, match="steps needs a plain default"):
        declared_fields(Bare)


def test_good_values_pass_with_their_type():
    found = checked_values(Toy, {"steps": 9, "rate": 0, "kind": "b", "loud": True, "tune": "a.wav"})
    assert found == {"steps": 9, "rate": 0.0, "kind": "b", "loud": True, "tune": "a.wav"}
    assert isinstance(found["rate"], float)
    assert Toy(**found).steps == 9


REFUSED = {
    "below": ({"steps": 0}, "Toy: Steps must lie between 1 and 9; it is 0."),
    "above": ({"rate": 1.01}, "Toy: Rate must lie between 0 and 1; it is 1.01."),
    "no number": ({"rate": float("nan")}, "Toy: Rate must lie between 0 and 1; it is nan."),
    "endless": ({"rate": float("inf")}, "Toy: Rate must lie between 0 and 1; it is inf."),
    "a word": ({"steps": "many"}, "Toy: Steps must be a number; it is many."),
    "true is no number": ({"steps": True}, "Toy: Steps must be a number; it is True."),
    "no such choice": ({"kind": "c"}, "Toy: Kind must be one of a, b; it is c."),
    "no switch": ({"loud": 1}, "Toy: Loud must be true or false; it is 1."),
    "no path": ({"tune": 3}, "Toy: Tune must be the path of a file; it is 3."),
    "no such field": ({"colour": 3}, "Toy has no field colour."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_values_are_refused_with_a_sentence(case):
    values, sentence = REFUSED[case]
    with pytest.raises(BadPlan) as caught:
        checked_values(Toy, values)
    assert caught.value.sentence == sentence
