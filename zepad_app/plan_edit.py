"""One field of a plan by its dotted name, read and replaced."""

from __future__ import annotations

import msgspec

from zepad_engine.plan import AuditPlan


def value_of(plan: AuditPlan, field: str) -> object:
    """The value of a field such as ``tuning.images``."""
    value: object = plan
    for part in field.split("."):
        value = getattr(value, part)
    return value


def with_value(plan: AuditPlan, field: str, value: object) -> AuditPlan:
    """The same plan with one field replaced."""
    head, _, rest = field.partition(".")
    if rest:
        part = getattr(plan, head)
        return msgspec.structs.replace(plan, **{head: msgspec.structs.replace(part, **{rest: value})})
    return msgspec.structs.replace(plan, **{head: value})
