"""Who attacks: what they know and may do, and which attacks that leaves them.

A plan names attacks, not an attacker; the attacker is read off the plan (``covering``) and then decides, as one
changes it, which attacks are offered.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from zepad_engine.catalogue import Catalogue, Entry
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.presets import with_preset

Knowledge: TypeAlias = Literal["encoder", "branch", "system"]
Need: TypeAlias = Literal["", "branch", "system", "answers", "labels"]

KNOWLEDGE: Final[tuple[Knowledge, ...]] = ("encoder", "branch", "system")
# Encoders that only the defender has.
_OWN: Final = frozenset({"benign", "originals"})
_NEEDS: Final[dict[str, Need]] = {"white-box": "system", "black-box": "answers", "transfer": "labels"}


class Threat(msgspec.Struct, frozen=True, kw_only=True):
    """An attacker.

    Attributes:
        knows: the public encoder; an encoder of the defence besides; or the whole defended system.
        asks: may send the deployed system pictures and read its answers.
        labels: has labelled pictures of the task, enough for a head of their own.
    """

    knows: Knowledge = "encoder"
    asks: bool = False
    labels: bool = False

    def allows(self, need: Need) -> bool:
        """Whether this attacker has what an attack needs; who has the whole system needs nothing else."""
        if self.knows == "system" or not need:
            return True
        return {"branch": self.knows == "branch", "answers": self.asks, "labels": self.labels, "system": False}[need]


def need_of(entry: Entry, choice: Choice | None = None) -> Need:
    """What an attack needs beyond the public encoder; against which encoder it is crafted may be a field of it."""
    if entry.knowledge:
        return _NEEDS.get(entry.knowledge, "system")
    origin = choice.values.get("origin", entry.origin) if choice is not None else entry.origin
    return "branch" if origin in _OWN else ""


def covering(plan: AuditPlan, catalogue: Catalogue) -> Threat:
    """The least attacker who can do everything a plan has."""
    needs = {need_of(entry, choice) for choice, entry in _chosen(plan, catalogue)}
    knows: Knowledge = "system" if "system" in needs else "branch" if "branch" in needs else "encoder"
    return Threat(knows=knows, asks="answers" in needs, labels="labels" in needs)


def widened(threat: Threat, least: Threat) -> Threat:
    """An attacker who can do what both can: what is ticked is within the threat model."""
    knows = max(threat.knows, least.knows, key=KNOWLEDGE.index)
    return Threat(knows=knows, asks=threat.asks or least.asks, labels=threat.labels or least.labels)


def suited(plan: AuditPlan, before: Threat, after: Threat, catalogue: Catalogue) -> AuditPlan:
    """The plan for another attacker: without what they cannot do, with what its preset has for what they now can."""
    usual = with_preset(AuditPlan(), plan.preset, catalogue)
    attacks, adaptive = _by_key(catalogue.attacks), _by_key(catalogue.adaptive)
    return msgspec.structs.replace(
        plan,
        attacks=_suited(plan.attacks, usual.attacks, attacks, before, after),
        adaptive=msgspec.structs.replace(
            plan.adaptive,
            attacks=_suited(plan.adaptive.attacks, usual.adaptive.attacks, adaptive, before, after),
        ),
    )


def _suited(
    chosen: tuple[Choice, ...], usual: tuple[Choice, ...], known: dict[str, Entry], before: Threat, after: Threat
) -> tuple[Choice, ...]:
    kept = [choice for choice in chosen if choice.key not in known or after.allows(need_of(known[choice.key], choice))]
    have = {choice.key for choice in kept}
    for choice in usual:
        if choice.key in known and choice.key not in have:
            need = need_of(known[choice.key], choice)
            if after.allows(need) and not before.allows(need):
                kept.append(choice)
    return tuple(kept)


def _chosen(plan: AuditPlan, catalogue: Catalogue) -> list[tuple[Choice, Entry]]:
    attacks, adaptive = _by_key(catalogue.attacks), _by_key(catalogue.adaptive)
    named = [(choice, attacks.get(choice.key)) for choice in plan.attacks]
    named += [(choice, adaptive.get(choice.key)) for choice in plan.adaptive.attacks]
    return [(choice, entry) for choice, entry in named if entry is not None]


def _by_key(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    return {entry.key: entry for entry in entries}
