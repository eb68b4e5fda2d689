"""Findings and the report: what an audit measured, every rate with its n and 95 % interval. Torch-free.

``AuditReport`` is the schema of ``report.json``; `describe_schema` writes its JSON Schema.
"""

from __future__ import annotations

from typing import Any

import msgspec

from zepad_engine.card import EncoderCard, modern_card
from zepad_engine.catalogue import CONTROL
from zepad_engine.evidence import (
    AdaptiveFinding,
    Attribution,
    DefenceFinding,
    FalseAlarm,
    FeatureShift,
    Light,
    Pair,
    RankCorrelation,
    Rate,
    Retrieval,
    Sweep,
    WorstCase,
)
from zepad_engine.plan import AuditPlan
from zepad_engine.trained import TuningFinding

SCHEMA_VERSION = "1.5"


class _Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Cell(_Finding, frozen=True, kw_only=True):
    """One defence against one attack on one task.

    Attributes:
        ba: benign accuracy, top-1 on clean test images.
        ra: robust accuracy, top-1 on perturbed test images; None for attack "none".
        asr: attack success rate as the paper's release counts it: any changed prediction, over all images.
        asr_of_correct: predictions turned wrong, over the images that were right before.
    """

    defence: str
    attack: str
    task: str
    epsilon_255: float
    ba: Rate | None = None
    ra: Rate | None = None
    asr: Rate | None = None
    asr_of_correct: Rate | None = None


class Average(_Finding, frozen=True, kw_only=True):
    """Unweighted mean over tasks; ``unseen`` = only the tasks the defender did not tune on."""

    defence: str
    attack: str
    unseen: bool
    tasks: tuple[str, ...]
    ba: Rate | None = None
    ra: Rate | None = None
    asr: Rate | None = None


class BranchFinding(_Finding, frozen=True, kw_only=True):
    """One branch of a fused defence: its own accuracy, mean share of the fusion weight, mean confidence m."""

    defence: str
    branch: str
    attack: str
    task: str
    accuracy: Rate
    weight_share: float
    confidence: float


class Levels(_Finding, frozen=True, kw_only=True):
    """What the detector would do at other thresholds: counts on the test split.

    Attributes:
        thresholds: scores in rising order, some 200, the same for all attacks of a task; the first lies below every
            score. The calibrated threshold and the paper's margin are among them.
        clean_above, perturbed_above: images whose score exceeds each threshold, of clean_n and perturbed_n.
    """

    thresholds: tuple[float, ...]
    clean_above: tuple[int, ...]
    perturbed_above: tuple[int, ...]
    clean_n: int
    perturbed_n: int


class Detection(_Finding, frozen=True, kw_only=True):
    """The DAE detector on one attack and task; thresholds come from the calibration split, rates from the test split.

    Attributes:
        auroc: area under the ROC with a bootstrap interval (``metrics.auroc``); n counts clean + perturbed images.
        threshold: score above which an image is flagged, set for ``target_fpr`` on the calibration split.
        achieved_fpr, tpr: at that threshold.
        fpr_at_1, tpr_at_1, fpr_at_5, tpr_at_5: with thresholds set for 1 % and 5 % false alarms on the calibration
            split; the FPR is what the test split then shows.
        margin_fpr, margin_tpr: the paper's fixed margin.
        roc: (FPR, TPR) points of the test split, at most 101.
        levels: None before schema 1.3.
    """

    task: str
    attack: str
    confidence: str
    aggregation: str
    auroc: Rate
    threshold: float
    target_fpr: float
    calibration_n: int
    achieved_fpr: Rate
    tpr: Rate
    fpr_at_1: Rate
    tpr_at_1: Rate
    fpr_at_5: Rate
    tpr_at_5: Rate
    margin: float
    margin_fpr: Rate
    margin_tpr: Rate
    roc: tuple[tuple[float, float], ...] = ()
    levels: Levels | None = None


class AttackFinding(_Finding, frozen=True, kw_only=True):
    """A perturbation: recipe, what was measured about it, where it lies in the run folder.

    Attributes:
        origin: what it was crafted against, a key of ``catalogue.ORIGINS``; "elsewhere" if it was imported.
        linf_255: the largest change of a pixel value; of a patch on the attacker's images.
        saturated: share of its values at their bound, 0 to 1.
        sha256: digest of its values as used, float32 (3, H, W), of a patch (4, H, W) with its mask.
        norm: "linf", or "patch" where it covers a square of ``patch_side`` pixels whatever the budget.
        source, source_sha256: name and digest of the file it was imported from.
        remarks: what was done to it on the way, and what that means for its numbers.
    """

    key: str
    name: str
    citation: str
    recipe: str
    origin: str
    seed: int
    seconds: float
    steps: int
    linf_255: float
    saturated: float
    sha256: str
    file: str
    preview: str = ""
    source: str = ""
    source_sha256: str = ""
    remarks: tuple[str, ...] = ()
    norm: str = "linf"
    patch_side: int = 0

    @property
    def is_control(self) -> bool:
        """Aimed at nothing, and so never the strongest attack: noise, and whatever says so in its name."""
        return self.key.startswith(("sign_noise", "gaussian_noise")) or CONTROL in self.name


class PerturbationFacts(_Finding, frozen=True, kw_only=True):
    """What a perturbation file holds, as it stands there: before any resizing, and clipped to no budget.

    Attributes:
        kind: "npy", "npz", "png", "safetensors" or "torch".
        tensor: its name in the file; empty where a file holds one array without a name.
        shape, dtype: as stored.
        height, width: in pixels.
        low_255, high_255, linf_255: smallest, largest and largest absolute value in n/255 of the pixel range.
        l2: Euclidean norm of all values, the pixel range being 1.
        zeros: share of values that are exactly zero, 0 to 1.
        sha256: digest of the file; pixels_sha256: of the values as float32 (3, H, W), equal in every format.
        remarks: how the values were read.
    """

    name: str
    kind: str
    tensor: str
    shape: tuple[int, ...]
    dtype: str
    height: int
    width: int
    low_255: float
    high_255: float
    linf_255: float
    l2: float
    zeros: float
    sha256: str
    pixels_sha256: str
    remarks: tuple[str, ...] = ()


class Subject(_Finding, frozen=True, kw_only=True):
    """The audited encoder."""

    name: str
    family: str
    params: int
    feature_dim: int
    sha256: str
    keys_ignored: tuple[str, ...]
    card: EncoderCard


class DataFinding(_Finding, frozen=True, kw_only=True):
    """An image set as used: role, counts per split, digest, source; ``key`` is the name its cells carry.

    Attributes:
        largest_class: test images of the most frequent class, what one constant answer gets right of
            ``counts["test"]``; None where a set has no test split, and before schema 1.5.
    """

    key: str
    role: str
    name: str
    counts: dict[str, int]
    classes: int
    sha256: str
    source: str
    shared_with: tuple[str, ...] = ()
    largest_class: int | None = None


class BranchAnswer(_Finding, frozen=True, kw_only=True):
    """What one branch of ZePAD says of one image.

    Attributes:
        clean, perturbed: the class it answers.
        confidence: m, its largest softmax probability on the perturbed image, 0 to 1.
        weight_share: its share of the fusion weight there; the branches of an image sum to 1.
    """

    branch: str
    clean: str
    perturbed: str
    confidence: float
    weight_share: float


class Example(_Finding, frozen=True, kw_only=True):
    """One test image, clean, perturbed and their difference (amplified by ``gain``), with what the systems said.

    Attributes:
        chosen: by which rule, as `evaluation.examples.chosen_examples` names it.
        flagged: score of the perturbed image above the calibrated threshold.
        zepad_clean, score, branches: empty before schema 1.3.
    """

    task: str
    attack: str
    index: int
    chosen: str
    label: str
    undefended_clean: str
    undefended_perturbed: str
    zepad_perturbed: str
    flagged: bool
    file: str
    gain: float
    zepad_clean: str = ""
    score: float | None = None
    branches: tuple[BranchAnswer, ...] = ()


class ExecutionFinding(_Finding, frozen=True, kw_only=True):
    """How the numbers were computed.

    Attributes:
        device: its name, "AMD EPYC ..." or "NVIDIA ...".
        crafting, training, scoring: the arithmetic of each, for example "bfloat16, folded" or "float32".
        batch: images per pass where nothing is trained.
        workers: worker processes; threads: torch threads of each.
        notices: what was changed on the way, for example a batch halved for want of memory.
    """

    device: str
    arithmetic: str
    crafting: str
    training: str
    scoring: str
    batch: int
    workers: int
    threads: int
    notices: tuple[str, ...] = ()


class Summary(_Finding, frozen=True, kw_only=True):
    """The verdict in words, and what it rests on."""

    verdict: str
    detail: str
    limits: str


class AuditReport(_Finding, frozen=True, kw_only=True):
    """Everything one audit found; ``report.json`` is this and the HTML is drawn from it.

    Reports of any 1.x are read: ``execution`` is None before 1.1, everything after it is empty before
    1.2, ``attributions`` before 1.4, ``largest_class`` of a set None before 1.5.
    """

    schema_version: str
    tool: dict[str, str]
    run: str
    created_utc: str
    summary: Summary
    threat_model: tuple[str, ...]
    plan: AuditPlan
    subject: Subject
    auxiliary: EncoderCard
    data: tuple[DataFinding, ...]
    cells: tuple[Cell, ...]
    averages: tuple[Average, ...]
    branches: tuple[BranchFinding, ...]
    detection: tuple[Detection, ...]
    attacks: tuple[AttackFinding, ...]
    tuning: tuple[TuningFinding, ...]
    examples: tuple[Example, ...]
    warnings: tuple[str, ...]
    not_shown: tuple[str, ...]
    timings: dict[str, float]
    environment: dict[str, str]
    execution: ExecutionFinding | None = None
    defences: tuple[DefenceFinding, ...] = ()
    adaptive: tuple[AdaptiveFinding, ...] = ()
    worst: tuple[WorstCase, ...] = ()
    pairs: tuple[Pair, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    shifts: tuple[FeatureShift, ...] = ()
    correlations: tuple[RankCorrelation, ...] = ()
    retrieval: tuple[Retrieval, ...] = ()
    false_alarms: tuple[FalseAlarm, ...] = ()
    lights: tuple[Light, ...] = ()
    attributions: tuple[Attribution, ...] = ()


def describe_schema() -> dict[str, Any]:
    """The JSON Schema of ``report.json``."""
    return msgspec.json.schema(AuditReport)


def report_to_json(report: AuditReport) -> bytes:
    """Write a report, indented, keys in declared order."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def report_from_json(text: bytes | str) -> AuditReport:
    """Read a report; raises msgspec.DecodeError where it is not one of this schema."""
    told = msgspec.json.decode(text)
    if isinstance(told, dict) and isinstance(told.get("subject"), dict):
        told["auxiliary"] = modern_card(told.get("auxiliary"))
        told["subject"]["card"] = modern_card(told["subject"].get("card"))
    return msgspec.convert(told, AuditReport)
