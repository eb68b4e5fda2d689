"""Which perturbations a plan wants crafted anew: at other budgets, step counts and starts. Torch-free."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from zepad_engine.catalogue import Catalogue, Entry
from zepad_engine.errors import BadPlan
from zepad_engine.plan import AuditPlan, Choice

# The quantities of ``evidence.Sweep`` that a universal attack has.
Quantity: TypeAlias = Literal["epsilon_255", "steps", "restarts"]


class Recraft(msgspec.Struct, frozen=True, kw_only=True):
    """One crafting from the start that differs from the plan's own in one setting.

    Attributes:
        attack: identity of the attack in the plan.
        setting: n/255, optimiser steps, or the number of the start (the plan's own is 1).
    """

    attack: str
    quantity: Quantity
    setting: float

    @property
    def name(self) -> str:
        """What its file and job are called: ``advencoder_per_epsilon_255_4``."""
        return f"{self.attack}_{self.quantity}_{self.setting:g}".replace(".", "p")


def recrafted_attacks(plan: AuditPlan, catalogue: Catalogue) -> tuple[tuple[Choice, Entry], ...]:
    """The plan's attacks whose settings are swept, if any are; those it does not have are passed over."""
    return tuple((choice, entry) for choice, entry in _named(plan, catalogue) if _bounded(entry))


def require_bounded(plan: AuditPlan, catalogue: Catalogue) -> None:
    """Refuse to sweep the budget of an attack that has none.

    Raises:
        BadPlan: one of the plan's is a patch, or was read from a file.
    """
    for _, entry in _named(plan, catalogue):
        if not _bounded(entry):
            raise BadPlan(
                f"{entry.name} cannot be crafted at other budgets: its size is not the budget's.",
                "Take it out of the attacks whose budget is swept.",
                code="plan.recrafting.attacks",
            )


def _named(plan: AuditPlan, catalogue: Catalogue) -> tuple[tuple[Choice, Entry], ...]:
    wish = plan.recrafting
    if not (wish.budgets_255 or wish.steps or wish.starts > 1):
        return ()
    known = {entry.key: entry for entry in catalogue.attacks}
    named = (choice for choice in plan.attacks if choice.identity in wish.attacks)
    return tuple((choice, known[choice.key]) for choice in named if choice.key in known)


def _bounded(entry: Entry) -> bool:
    return entry.norm != "patch" and entry.origin != "elsewhere"


def recrafts_of(plan: AuditPlan, choice: Choice, entry: Entry) -> tuple[Recraft, ...]:
    """What is crafted anew of one attack, without what the plan crafts anyway.

    Only an attack that takes steps has other numbers of them, and starts that differ.
    """
    wish, own = plan.recrafting, own_steps(choice, entry)
    budgets = [budget for budget in sorted(set(wish.budgets_255)) if budget not in (0, plan.epsilon_255)]
    found: list[tuple[Quantity, float]] = [("epsilon_255", budget) for budget in budgets]
    if own:
        numbers = {max(1, round(share * own)) for share in wish.steps} - {own}
        found += [("steps", float(number)) for number in sorted(numbers)]
        found += [("restarts", float(start)) for start in range(2, wish.starts + 1)]
    return tuple(Recraft(attack=choice.identity, quantity=each, setting=value) for each, value in found)


def own_steps(choice: Choice, entry: Entry) -> int:
    """Optimiser steps the plan gives an attack; 0 where it has no such field."""
    default = next((field.default for field in entry.fields if field.key == "steps"), 0)
    return int(choice.values.get("steps", default))


def with_recraft(choice: Choice, recraft: Recraft) -> Choice:
    """The choice with the setting that is an attack's own: its steps."""
    if recraft.quantity != "steps":
        return choice
    return msgspec.structs.replace(choice, values={**choice.values, "steps": int(recraft.setting)})
