"""What can be wrong with a plan before any file is opened: one sentence for each trouble. Torch-free."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from zepad_engine.errors import BadPlan
from zepad_engine.plan import IMPORTED, AuditPlan, Choice

_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Trouble(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing wrong with a plan: the field it concerns and a sentence."""

    field: str
    sentence: str


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("epsilon_255", 0, 255),
    ("surrogate_images", 16, 1_000_000),
    ("seed", 0, 2**31 - 1),
    ("workers", 0, 256),
    ("threads", 1, 256),
    ("batch", 0, 65_536),
    ("tuning.images", 64, 10_000_000),
    ("tuning.epochs", 1, 1000),
    ("tuning.batch", 2, 4096),
    ("tuning.encoder_rate", 1e-7, 1),
    ("tuning.head_rate", 1e-7, 1),
    ("tuning.epsilon_255", 0, 255),
    ("tuning.step_255", 0, 255),
    ("tuning.steps", 1, 1000),
    ("tuning.weight", 0, 10_000),
    ("benign.images", 64, 10_000_000),
    ("benign.epochs", 1, 1000),
    ("heads.epochs", 1, 1000),
    ("heads.train_images", 32, 10_000_000),
    ("heads.test_images", 16, 10_000_000),
    ("detector.target_fpr", 0.001, 0.5),
)


def _lookup(plan: AuditPlan, dotted: str) -> float:
    value: object = plan
    for part in dotted.split("."):
        value = getattr(value, part)
    assert isinstance(value, int | float)
    return float(value)


def troubles(plan: AuditPlan) -> tuple[Trouble, ...]:
    """Everything wrong with a plan that can be seen without opening a file; empty if nothing is."""
    found = [
        Trouble(
            field=name,
            sentence=f"{name} must lie between {low:g} and {high:g}; it is {_lookup(plan, name):g}.",
        )
        for name, low, high in _RANGES
        if not low <= _lookup(plan, name) <= high
    ]
    for field, present in (
        ("encoder", plan.encoder),
        ("auxiliary", plan.auxiliary),
        ("local_set", plan.local_set),
    ):
        if not present:
            found.append(Trouble(field=field, sentence=f"The plan names no {field.replace('_', ' ')}."))
    if plan.encoder and plan.encoder == plan.auxiliary:
        found.append(
            Trouble(
                field="auxiliary",
                sentence="The auxiliary encoder is the victim itself, so MPAE would hold one encoder twice.",
            )
        )
    for field in ("tasks", "attacks", "defences"):
        names = [_identity(item) for item in getattr(plan, field)]
        if not names:
            found.append(Trouble(field=field, sentence=f"The plan names no {field}."))
        if len(set(names)) != len(names):
            found.append(Trouble(field=field, sentence=f"The plan names one of its {field} twice."))
    return (*found, *_wrong_names(plan))


def _identity(item: str | Choice) -> str:
    return item if isinstance(item, str) else item.identity


def _wrong_names(plan: AuditPlan) -> Iterator[Trouble]:
    """Names become names of files; defences have none, and an imported perturbation needs its file."""
    for choice in plan.attacks:
        if choice.name and not _SAFE_NAME.fullmatch(choice.name):
            yield Trouble(field="attacks", sentence=f"{choice.name!r} cannot name an attack: use a-z, 0-9, - and _.")
        if choice.key == IMPORTED and not choice.values.get("file"):
            yield Trouble(field="attacks", sentence="The imported perturbation names no file.")
    if any(choice.name for choice in plan.defences):
        yield Trouble(field="defences", sentence="A defence takes no name of its own.")


def require_sound(plan: AuditPlan) -> None:
    """Raise BadPlan with the first trouble of a plan."""
    for trouble in troubles(plan):
        raise BadPlan(trouble.sentence, "Change the plan and start again.", code=f"plan.{trouble.field}")
