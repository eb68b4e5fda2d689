"""What changed between two plans, in words; no field of a plan can be forgotten."""

from __future__ import annotations

import typing

import msgspec
import pytest

from zepad_engine.card import Overrides
from zepad_engine.comparing.plan_changes import GROUPS, NAMES, group_of, plan_changes
from zepad_engine.plan import AuditPlan, Choice, Detector, HeadTraining, OfficialSwitches, Tuning

replace = msgspec.structs.replace
PLAN = AuditPlan()
CALLED = {"advencoder_per": "AdvEncoder-PER", "emoji": "Emoji"}


def fields(plan, place=""):
    for name in plan.__struct_fields__:
        value = getattr(plan, name)
        below = f"{place}.{name}" if place else name
        yield below
        if isinstance(value, msgspec.Struct):
            yield from fields(value, below)


def told(second, first=PLAN):
    return [(c.group, c.field, c.first, c.second) for c in plan_changes(first, second, CALLED)]


def test_equal_plans_have_no_changes():
    assert told(AuditPlan()) == []


def test_the_tables_name_only_fields_that_exist():
    known = set(fields(PLAN))
    assert set(NAMES) <= known
    assert {name for group in GROUPS.values() for name in group} <= set(PLAN.__struct_fields__)


def other_value(value, kind):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if typing.get_origin(kind) is typing.Literal:
        return next(word for word in typing.get_args(kind) if word != value)
    return (*value, "sample:more") if isinstance(value, tuple) else "sample:other"


def leaves():
    hints = typing.get_type_hints(AuditPlan)
    for name in PLAN.__struct_fields__:
        value = getattr(PLAN, name)
        if isinstance(value, Overrides) or name in {"attacks", "defences", "adaptive"}:
            continue
        if not isinstance(value, msgspec.Struct):
            yield name, replace(PLAN, **{name: other_value(value, hints[name])})
            continue
        inner = typing.get_type_hints(type(value))
        for field in value.__struct_fields__:
            changed = replace(value, **{field: other_value(getattr(value, field), inner[field])})
            yield f"{name}.{field}", replace(PLAN, **{name: changed})


@pytest.mark.parametrize(("place", "plan"), list(leaves()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_field_that_changes_is_told_once_and_in_words(place, plan):
    (change,) = told(plan)
    assert change[0] == group_of(place)
    assert "_" not in change[1]
    assert change[1][0].isupper()
    assert change[2] != change[3]


def test_a_budget_is_told_on_its_own_scale():
    assert told(replace(PLAN, epsilon_255=8.0)) == [("Threat", "Budget per pixel", "10/255", "8/255")]
    assert told(replace(PLAN, tuning=Tuning(step_255=0.5))) == [("Defence", "Step while tuning", "2.5/255", "0.5/255")]


def test_words_for_switches_numbers_and_what_was_not_said():
    assert told(replace(PLAN, switches=OfficialSwitches(no_clamp=True))) == [
        ("Defence", "As in the release: no clamp", "off", "on")
    ]
    assert told(replace(PLAN, heads=HeadTraining(train_images=12000))) == [
        ("Data and tasks", "Training images per task", "4,000", "12,000")
    ]
    assert told(replace(PLAN, encoder_says=Overrides(mean=(0.5, 0.5, 0.5)))) == [
        ("Threat", "Encoder as you described it: mean", "not said", "0.5, 0.5, 0.5")
    ]
    assert told(replace(PLAN, detector=Detector(confidence="m"))) == [("Defence", "Detector: confidence", "c", "m")]


def test_attacks_are_told_one_by_one_by_name():
    plan = replace(PLAN, attacks=(Choice(key="advencoder_per", values={"steps": 90}), *PLAN.attacks[1:3]))
    assert told(plan) == [
        ("Attacks", "Attack AdvEncoder-PER: steps", "default", "90"),
        ("Attacks", "Attack sign_noise", "in the plan", "–"),
    ]


def test_tasks_that_come_and_go_and_another_order():
    plan = replace(PLAN, tasks=("sample:signs", "somewhere/mine.zip"))
    assert told(plan, replace(PLAN, tasks=("sample:emoji", "sample:signs"))) == [
        ("Data and tasks", "Downstream task Emoji", "in the plan", "–"),
        ("Data and tasks", "Downstream task somewhere/mine.zip", "–", "in the plan"),
    ]
    assert told(replace(PLAN, tasks=PLAN.tasks[::-1]))[0][1] == "Downstream task: order"


def test_groups_come_in_the_order_of_the_page():
    plan = replace(PLAN, seed=3, epsilon_255=4.0, tuning=Tuning(epochs=2))
    assert [group for group, *_ in told(plan)] == ["Threat", "Defence", "How it runs"]
