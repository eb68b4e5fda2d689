"""Two finished audits side by side: the question, its answer, and what the comparison holds. Torch-free.

Everywhere a difference is the second audit minus the first.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from zepad_engine.evidence import Rate

SCHEMA_VERSION: Final = "1.0"
# Differences are told from chance at this level, after Holm's correction over all tests of a comparison.
LEVEL: Final = 0.05
# Below this many images of a task the page says that they are few.
FEW: Final = 100
# Name of the cost that is the whole audit.
WHOLE: Final = "Whole audit"
_MINUS: Final = "\N{MINUS SIGN}"

Images: TypeAlias = Literal["same", "shared", "other", "unknown"]
About: TypeAlias = Literal["universal", "worst", "adaptive", "detection"]
Measure: TypeAlias = Literal["accuracy", "detected", "false alarms", "AUROC"]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Compare(_Message, frozen=True, kw_only=True, tag="compare"):
    """Lay two finished audits side by side; ``first`` and ``second`` are run folders. Answered by Compared."""

    request: str
    first: str
    second: str


class Compared(_Message, frozen=True, kw_only=True, tag="compared"):
    """The comparison is made; ``path`` is a JSON file that holds a `Comparison`, too long for a line of the wire."""

    request: str
    first: str
    second: str
    path: str


class Side(_Part, frozen=True, kw_only=True):
    """One of the two audits.

    Attributes:
        run: name of its folder.
        thumbnail: picture of its first perturbation, a path inside the folder, or "".
    """

    run: str
    encoder: str
    verdict: str
    preset: str
    seed: int
    epsilon_255: float
    created_utc: str
    version: str
    thumbnail: str = ""


class PlanChange(_Part, frozen=True, kw_only=True):
    """A field of the plan that differs, in words; ``group`` is the part of the plan page it stands in."""

    group: str
    field: str
    first: str
    second: str


class Fact(_Part, frozen=True, kw_only=True):
    """Something told of both audits: weights, perturbations, versions, the device. ``same`` if it is the same thing."""

    group: str
    name: str
    first: str
    second: str
    same: bool


class TaskImages(_Part, frozen=True, kw_only=True):
    """Whether both audits asked about the same test images of a task, proven by the images' digests.

    Attributes:
        images: "same"; "shared" = nearly all of the smaller audit's images are in the other, and those are compared;
            "other" = not, so both audits' own images are compared as independent samples; "unknown" = an audit did
            not keep which images it asked about, and so as well.
        n_first, n_second: test images of each; common: of both, 0 where unknown.
    """

    task: str
    images: Images
    n_first: int
    n_second: int
    common: int


class Difference(_Part, frozen=True, kw_only=True):
    """One rate of both audits and their difference.

    Attributes:
        task, attack, defence: as the first audit calls them; attack "none" = clean images, "worst" = the worst of
            all attacks on encoders for each image.
        first, second: over the images compared.
        paired: on the same images: McNemar's exact test and the interval of Bonett and Price (2012). Else Fisher's
            exact test and Newcombe's interval (1998) of independent samples.
        only_first, only_second: if paired, images for which only the one, only the other says yes (right, flagged).
        difference, low, high: second minus first with its 95 % interval, -1 to 1.
        p, holm: two-sided, and after Holm's correction over all tests of the comparison; None where there is no test.
        same_attack: whether both met the very same perturbation; of an attack on the system, the same recipe.
    """

    about: About
    measure: Measure
    task: str
    attack: str
    defence: str
    first: Rate
    second: Rate
    paired: bool
    difference: float
    low: float
    high: float
    only_first: int = 0
    only_second: int = 0
    p: float | None = None
    holm: float | None = None
    same_attack: bool = True

    @property
    def stands_out(self) -> bool:
        """Whether it is told from chance after the correction."""
        return self.holm is not None and self.holm <= LEVEL


class MeanDifference(_Part, frozen=True, kw_only=True):
    """Accuracy over several tasks, each with the same weight; ``unseen``: only tasks no defender tuned on."""

    attack: str
    defence: str
    tasks: tuple[str, ...]
    unseen: bool
    first: Rate
    second: Rate
    difference: float
    low: float
    high: float


class Cost(_Part, frozen=True, kw_only=True):
    """What something took in each audit, in seconds; None where only the other did it."""

    name: str
    first: float | None
    second: float | None


class Unlike(_Part, frozen=True, kw_only=True):
    """A place of report.json where the two differ."""

    place: str
    first: str
    second: str


class Comparison(_Part, frozen=True, kw_only=True):
    """Two finished audits side by side.

    Attributes:
        sentence: the whole in a sentence.
        names: what task, attack and defence keys are called.
        only_first, only_second: rows of the result table that only one audit has.
        tests: how many p-values there are, the number Holm's correction is over.
        equal: nothing in the two reports differs but times and the runs' names.
        unlike: the first places where they do, at most 40; ``unlike_count`` is how many there are.
    """

    schema_version: str
    first: Side
    second: Side
    sentence: str
    plan: tuple[PlanChange, ...]
    facts: tuple[Fact, ...]
    images: tuple[TaskImages, ...]
    differences: tuple[Difference, ...]
    means: tuple[MeanDifference, ...]
    costs: tuple[Cost, ...]
    names: dict[str, str]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    tests: int
    equal: bool
    unlike: tuple[Unlike, ...]
    unlike_count: int


def images_in_words(comparison: Comparison) -> tuple[str, ...]:
    """Which tasks were asked on the same images, a sentence for each kind that occurs, and whether they are few."""
    found = []
    for kind, words in _IMAGES.items():
        tasks = [told for told in comparison.images if told.images == kind]
        if tasks:
            named = ", ".join(comparison.names.get(told.task, told.task) + _counted(told) for told in tasks)
            found.append(words.format(named))
    if any(_asked(told) < FEW for told in comparison.images if told.images != "unknown"):
        found.append(f"With fewer than {FEW} images only large differences can be told from chance.")
    return tuple(found)


def _asked(told: TaskImages) -> int:
    return told.common if told.images in ("same", "shared") else min(told.n_first, told.n_second)


def _counted(told: TaskImages) -> str:
    if told.images == "same":
        return f" (n = {told.common:,})"
    if told.images == "unknown":
        return ""
    return f" ({told.common:,} of {told.n_first:,} and {told.n_second:,})"


_APART: Final = "so the rates are compared as those of independent samples, with wider intervals"
_IMAGES: Final[dict[Images, str]] = {
    "same": "The same test images in both, compared image by image: {}.",
    "shared": "Nearly all test images of one audit are among the other's, and these are compared image by image: {}.",
    "other": f"Other test images, {_APART}: {{}}.",
    "unknown": f"An audit did not keep which test images it asked about, {_APART}: {{}}.",
}


def points_text(of: Difference | MeanDifference) -> str:
    """``+3.4`` points of a percent; of an AUROC the difference as it is."""
    scale, digits = _scale(of)
    return f"{scale * of.difference:+.{digits}f}".replace("-", _MINUS)


def interval_text(of: Difference | MeanDifference) -> str:
    """The 95 % interval of a difference in the same unit: ``[-0.6, 7.4]``."""
    scale, digits = _scale(of)
    return f"[{scale * of.low:.{digits}f}, {scale * of.high:.{digits}f}]".replace("-", _MINUS)


def p_text(p: float | None) -> str:
    """Three digits, or that it is less; nothing where there is no test."""
    return "" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _scale(of: Difference | MeanDifference) -> tuple[int, int]:
    return (1, 2) if isinstance(of, Difference) and of.measure == "AUROC" else (100, 1)


def comparison_to_json(comparison: Comparison) -> bytes:
    """Write a comparison, indented."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n"


def comparison_from_json(text: bytes | str) -> Comparison:
    """Read a comparison; raises msgspec.DecodeError where it is none."""
    return msgspec.json.decode(text, type=Comparison)
