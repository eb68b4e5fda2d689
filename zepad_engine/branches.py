"""Every branch a defence may listen to: whose weights it has, what makes them, how its head is trained. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

Branch: TypeAlias = Literal[
    "victim",
    "random",
    "auxiliary",
    "benign",
    "tuned_victim",
    "tuned_auxiliary",
    "tuned_benign",
    "pgd_at_victim",
    "trades_victim",
    "mart_victim",
    "gen_af_victim",
    "smoothed_victim",
    "entropic_victim",
    "purified_victim",
    "countered_victim",
]
Method: TypeAlias = Literal["", "zepad", "pgd_at", "trades", "mart", "gen_af"]
HeadKind: TypeAlias = Literal["plain", "smoothed", "entropic"]
Front: TypeAlias = Literal["", "purifier", "counterattack"]


class BranchRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a branch comes about.

    Attributes:
        encoder: the branch whose weights it has; itself, unless only its head or what stands before it differs.
        made_by: key of the job that leaves these weights (and what stands before them).
        method: how they are tuned; "" where they are opened, drawn or trained on clean data.
        of: the branch they are tuned from.
        head: ``smoothed`` = label smoothing, ``entropic`` = entropy maximisation, else plain cross-entropy.
        front: what an image passes before the encoder.
        lasting: the encoder is the same in every audit of the same file, so that its features may be kept.
    """

    encoder: Branch
    made_by: str
    method: Method = ""
    of: Branch | None = None
    head: HeadKind = "plain"
    front: Front = ""
    lasting: bool = False


def _tuned(encoder: Branch, method: Method, of: Branch) -> BranchRecipe:
    return BranchRecipe(encoder=encoder, made_by=f"tune_{encoder}", method=method, of=of)


def _on_victim(*, head: HeadKind = "plain", front: Front = "", made_by: str = "open_victim") -> BranchRecipe:
    return BranchRecipe(encoder="victim", made_by=made_by, head=head, front=front, lasting=not front)


BRANCHES: Final[dict[Branch, BranchRecipe]] = {
    "victim": _on_victim(),
    "random": BranchRecipe(encoder="random", made_by="open_victim", lasting=True),
    "auxiliary": BranchRecipe(encoder="auxiliary", made_by="open_auxiliary", lasting=True),
    "benign": BranchRecipe(encoder="benign", made_by="benign"),
    "tuned_victim": _tuned("tuned_victim", "zepad", "victim"),
    "tuned_auxiliary": _tuned("tuned_auxiliary", "zepad", "auxiliary"),
    "tuned_benign": _tuned("tuned_benign", "zepad", "benign"),
    "pgd_at_victim": _tuned("pgd_at_victim", "pgd_at", "victim"),
    "trades_victim": _tuned("trades_victim", "trades", "victim"),
    "mart_victim": _tuned("mart_victim", "mart", "victim"),
    "gen_af_victim": _tuned("gen_af_victim", "gen_af", "tuned_victim"),
    "smoothed_victim": _on_victim(head="smoothed"),
    "entropic_victim": _on_victim(head="entropic"),
    "purified_victim": _on_victim(front="purifier", made_by="purify"),
    "countered_victim": _on_victim(front="counterattack"),
}

# What every audit has: the window judges single pictures with them, and the report compares them.
ALWAYS: Final[tuple[Branch, ...]] = ("victim", "random", "auxiliary", "benign", "tuned_victim", "tuned_auxiliary")
ZEPAD: Final[tuple[Branch, ...]] = ("tuned_victim", "tuned_auxiliary", "benign")


def needed_branches(wanted: Iterable[Branch]) -> tuple[Branch, ...]:
    """``wanted``, those every audit has, and what they are tuned from, in the order of ``BRANCHES``."""
    found = {*ALWAYS, *wanted}
    for branch in reversed(BRANCHES):
        of = BRANCHES[branch].of
        if branch in found and of is not None:
            found.add(of)
    return tuple(branch for branch in BRANCHES if branch in found)
