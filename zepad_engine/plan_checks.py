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
    ("tuning.trades_beta", 0, 100),
    ("tuning.mart_beta", 0, 100),
    ("tuning.redundant_share", 0, 1),
    ("heads.smoothing", 0, 0.99),
    ("heads.entropy_weight", 0, 10),
    ("purifying.images", 64, 10_000_000),
    ("purifying.epochs", 1, 1000),
    ("purifying.batch", 2, 4096),
    ("purifying.rate", 1e-7, 1),
    ("purifying.steps", 1, 1000),
    ("purifying.pixel_weight", 0, 1_000_000),
    ("adaptive.tasks", 1, 1000),
    ("adaptive.images", 8, 1_000_000),
    ("adaptive.checked_images", 0, 10_000),
    ("recrafting.tasks", 1, 1000),
    ("recrafting.starts", 1, 100),
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
    for field in ("tasks", "attacks", "defences", "adaptive.attacks"):
        names = [_identity(item) for item in _named(plan, field)]
        if not names and field != "adaptive.attacks":
            found.append(Trouble(field=field, sentence=f"The plan names no {field}."))
        if len(set(names)) != len(names):
            found.append(Trouble(field=field, sentence=f"The plan names one of its {field.replace('.', ' ')} twice."))
    return (*found, *_wrong_names(plan), *_wrong_settings(plan))


def _named(plan: AuditPlan, field: str) -> tuple[str, ...] | tuple[Choice, ...]:
    found: tuple[str, ...] | tuple[Choice, ...] = (
        plan.adaptive.attacks if field == "adaptive.attacks" else getattr(plan, field)
    )
    return found


def _identity(item: str | Choice) -> str:
    return item if isinstance(item, str) else item.identity


def _wrong_settings(plan: AuditPlan) -> Iterator[Trouble]:
    """Settings at which perturbations are crafted anew."""
    for field, low, high, what in (("budgets_255", 0, 255, "/255"), ("steps", 0.01, 100, " times the attack's own")):
        for value in getattr(plan.recrafting, field):
            if not low < value <= high:
                name = f"recrafting.{field}"
                yield Trouble(
                    field=name,
                    sentence=f"{name} must lie above {low:g} and not above {high:g}{what}; one of them is {value:g}.",
                )


def _wrong_names(plan: AuditPlan) -> Iterator[Trouble]:
    """Names become names of files; an imported perturbation needs its file."""
    for field, kind in (("attacks", "an attack"), ("defences", "a defence"), ("adaptive.attacks", "an attack")):
        for choice in _named(plan, field):
            if isinstance(choice, Choice) and choice.name and not _SAFE_NAME.fullmatch(choice.name):
                yield Trouble(field=field, sentence=f"{choice.name!r} cannot name {kind}: use a-z, 0-9, - and _.")
    if any(choice.key == IMPORTED and not choice.values.get("file") for choice in plan.attacks):
        yield Trouble(field="attacks", sentence="The imported perturbation names no file.")


def require_sound(plan: AuditPlan) -> None:
    """Raise BadPlan with the first trouble of a plan."""
    for trouble in troubles(plan):
        raise BadPlan(trouble.sentence, "Change the plan and start again.", code=f"plan.{trouble.field}")
