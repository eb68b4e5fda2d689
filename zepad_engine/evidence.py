"""Findings beyond the plain table: attacks on defended systems, worst cases, paired tests, shifts, trust. Torch-free.

All rates carry n and a 95 % interval; ``defence`` is the identity the plan gives a defence, ``task`` a set's name.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class _Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Rate(_Evidence, frozen=True, kw_only=True):
    """A share of n images (or n pairs) with its 95 % interval, all 0 to 1."""

    value: float
    n: int
    low: float
    high: float


class DefenceFinding(_Evidence, frozen=True, kw_only=True):
    """A defence as the plan has it: identity, name, source, recipe, and the branches it listens to."""

    key: str
    name: str
    citation: str
    recipe: str
    branches: tuple[str, ...]


class AdaptiveFinding(_Evidence, frozen=True, kw_only=True):
    """One attack on one defended system on one task.

    Attributes:
        knowledge: "white-box", "black-box" or "transfer".
        evades: the attack aims at not being flagged as well.
        accuracy, clean_accuracy: answered rightly under attack and before, over the same n images.
        asr_of_correct: turned wrong, over the images that were right before.
        flagged: share the detector flags; None without a detector.
        evaded: answered wrongly and not flagged, over n; None without a detector.
        auroc: of the detection scores of the images the attack moved against those of all clean test images, bootstrap
            interval; n counts both. None without a detector, where nothing was moved, and before schema 1.4.
        caught_at_1, caught_at_5: share of the moved images above the thresholds set for 1 % and 5 % false alarms on the
            calibration split; None where ``auroc`` is.
        linf_255: largest change measured, n/255; quantised_255 the same after saving with 8 bits.
        steps: of all restarts, at most; queries: images that passed through the system, over all n.
    """

    attack: str
    name: str
    citation: str
    recipe: str
    knowledge: str
    evades: bool
    defence: str
    task: str
    epsilon_255: float
    n: int
    accuracy: Rate
    clean_accuracy: Rate
    asr_of_correct: Rate
    flagged: Rate | None
    evaded: Rate | None
    linf_255: float
    quantised_255: float
    steps: int
    restarts: int
    queries: int
    seconds: float
    seed: int
    auroc: Rate | None = None
    caught_at_1: Rate | None = None
    caught_at_5: Rate | None = None


class WorstCase(_Evidence, frozen=True, kw_only=True):
    """Accuracy when each image meets the attack that is worst for it.

    Attributes:
        scope: "universal" = attacks on encoders, on all test images; "all" = those and the attacks on the system, on
            the images both were tried on.
        attacks: identities of the attacks it is taken over; controls are among them.
        accuracy: answered rightly under every one of them.
        evaded: answered wrongly and not flagged under at least one; None without a detector.
    """

    scope: Literal["universal", "all"]
    defence: str
    task: str
    attacks: tuple[str, ...]
    accuracy: Rate
    evaded: Rate | None = None


class Pair(_Evidence, frozen=True, kw_only=True):
    """Two defences on the same images: McNemar's exact test.

    Attributes:
        attack: identity of the attack, or "worst" for the worst case of ``scope`` universal.
        only_a, only_b: images only the one, only the other answers rightly.
        difference: accuracy of a minus accuracy of b, with its 95 % interval (paired, adjusted Wald after Bonett and
            Price 2012).
        p: two-sided.
    """

    a: str
    b: str
    task: str
    attack: str
    n: int
    only_a: int
    only_b: int
    difference: float
    low: float
    high: float
    p: float


class Sweep(_Evidence, frozen=True, kw_only=True):
    """A rate as one setting changes.

    Attributes:
        quantity: "epsilon_255", "steps", "restarts", "k", "margin" ...
        rate: what the points are: "robust accuracy", "false alarms", "detected" ...
        points: (value of the setting, rate), in rising order.
    """

    quantity: str
    rate: str
    attack: str
    defence: str
    task: str
    points: tuple[tuple[float, Rate], ...]


class FeatureShift(_Evidence, frozen=True, kw_only=True):
    """What a perturbation does to an encoder's features, measured without labels, on one task's test images.

    Attributes:
        cosine_shift: mean of 1 - cos(f(x), f(x')), 0 to 2.
        neighbour_overlap: mean share of the k nearest clean neighbours that stay, 0 to 1.
        rank_clean, rank_moved: effective rank (exponential of the entropy of the singular values).
        cluster_fooling: share of images that change their cluster (k-means on clean features).
        accuracy_drop: BA - RA of that branch's own head on the same images, for the rank correlation.
    """

    branch: str
    attack: str
    task: str
    n: int
    cosine_shift: float
    neighbour_overlap: float
    rank_clean: float
    rank_moved: float
    cluster_fooling: Rate
    accuracy_drop: float


class RankCorrelation(_Evidence, frozen=True, kw_only=True):
    """Spearman's rho of a label-free measure and the accuracy drop, over n pairs of attack and task; p two-sided."""

    measure: str
    rho: float
    n: int
    p: float


class Retrieval(_Evidence, frozen=True, kw_only=True):
    """Retrieval with a branch's features: perturbed queries against a clean gallery of other images of the task.

    Attributes:
        attack: identity, or "none" for clean queries.
        recall_at_1: share of queries whose nearest gallery image has their class.
        mean_average_precision: over queries with at least one image of their class in the gallery, with a 95 %
            bootstrap interval over queries.
        gallery: number of gallery images.
    """

    branch: str
    attack: str
    task: str
    recall_at_1: Rate
    mean_average_precision: Rate
    gallery: int


class FalseAlarm(_Evidence, frozen=True, kw_only=True):
    """Images that are no attack, through a detector.

    Attributes:
        condition: "clean", "jpeg", "blur", "noise" (random, not aimed), or the name of another task's set.
        flagged_at_5, flagged_at_1: share above the thresholds set for 5 % and 1 % on the calibration split.
        flagged_at_margin: share above the paper's fixed margin.
        accuracy: top-1 on these images; None where they are of another task.
    """

    defence: str
    task: str
    condition: str
    flagged_at_5: Rate
    flagged_at_1: Rate
    flagged_at_margin: Rate
    accuracy: Rate | None = None


class Light(_Evidence, frozen=True, kw_only=True):
    """A check of whether the figures of an attacked system mean anything.

    ``value`` is the number behind it and stands in ``statement``. Red: the figures of this system are not to be
    trusted, and the verdict is withheld. Amber: read them with that in mind.
    """

    key: str
    name: str
    colour: Literal["green", "amber", "red"]
    statement: str
    value: float
    defence: str = ""
    task: str = ""


class Attribution(_Evidence, frozen=True, kw_only=True):
    """What each branch's answer to an example's perturbed image comes from: a map each, side by side in one picture.

    Attributes:
        index: of the test image; with task and attack it names an `Example`.
        method: a `questions.Method`.
        branches: from left to right, the undefended victim first.
        tops: the value drawn brightest in each map, in the method's unit; black is 0.
    """

    task: str
    attack: str
    index: int
    method: str
    branches: tuple[str, ...]
    tops: tuple[float, ...]
    file: str
