"""AuditPlan: everything that decides an audit's numbers, and nothing else. Torch-free; both processes validate it.

Defaults are the standard preset on the bundled sample; ``presets.py`` makes the others.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from zepad_engine.card import Overrides
from zepad_engine.catalogue import FieldValue
from zepad_engine.errors import BadPlan

Preset: TypeAlias = Literal["quick", "standard", "paper"]
Mode: TypeAlias = Literal["corrected", "official"]
Arithmetic: TypeAlias = Literal["fast", "exact"]

SAMPLE_PREFIX = "sample:"
TORCHVISION_PREFIX = "torchvision:"
# ``named:<name>:<place>``: an image set that keeps the name an earlier audit, perhaps elsewhere, had for it.
NAMED_PREFIX = "named:"
PLAN_VERSION = 1
# Key of the attack that is read from a file instead of crafted.
IMPORTED = "imported"


class _Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Choice(_Plan, frozen=True, kw_only=True):
    """An attack or defence by key, with the field values that differ from its defaults.

    ``name`` tells attacks of one key apart: lower-case letters, digits, hyphens and underscores, at most 40.
    """

    key: str
    values: dict[str, FieldValue] = {}
    name: str = ""

    @property
    def identity(self) -> str:
        """What files, jobs and findings call it."""
        return f"{self.key}-{self.name}" if self.name else self.key


class Tuning(_Plan, frozen=True, kw_only=True):
    """MPAE: adversarial fine-tuning of victim and auxiliary (paper Eqs. 3-6; official ``adversarial_fine-tuning.py``).

    Attributes:
        images: size of the local tuning set; validation images come on top.
        epsilon_255, step_255: PGD budget and step in n/255.
        regularisation: ``share`` sets lambda per encoder so that lambda * GR starts at ``weight`` times CE;
            ``fixed`` uses ``weight`` as lambda itself (20 in the official code at batch 256).
        warm_start: fit the temporary head on cached clean features first; pays where epochs are few.
        trades_beta, mart_beta: weight of the divergence in TRADES (6 in the paper) and MART (5), rival methods that
            share everything else with ZePAD's tuning.
        redundant_share: Gen-AF's second stage fine-tunes this share of the layers, those robustness needs least.
    """

    images: int = 2000
    epochs: int = 8
    batch: int = 64
    encoder_rate: float = 1e-3
    head_rate: float = 5e-3
    weight_decay: float = 8e-4
    decay: float = 0.96
    schedule: Literal["cosine", "exponential"] = "cosine"
    epsilon_255: float = 10.0
    step_255: float = 2.5
    steps: int = 10
    random_start: bool = True
    regularisation: Literal["share", "fixed"] = "share"
    weight: float = 1.0
    warm_start: bool = True
    validation_images: int = 256
    trades_beta: float = 6.0
    mart_beta: float = 5.0
    redundant_share: float = 0.2


class BenignTraining(_Plan, frozen=True, kw_only=True):
    """BMP: where the benign encoder comes from, and its supervised training on local clean data (paper 3.3)."""

    source: Literal["scratch", "auxiliary", "victim"] = "scratch"
    images: int = 2000
    epochs: int = 24
    batch: int = 64
    rate: float = 2e-3


class HeadTraining(_Plan, frozen=True, kw_only=True):
    """Downstream heads: MLP D-D-D-K on cached features of the frozen encoder (official head, method 2.6).

    ``standardise`` centres and scales the features by their training statistics first. The release does not; without
    it encoders whose features vary little (random weights above all) are scored far below what they hold.
    ``smoothing`` and ``entropy_weight`` concern the defences of these names only.
    """

    epochs: int = 20
    batch: int = 256
    rate: float = 5e-3
    weight_decay: float = 8e-4
    decay: float = 0.96
    dropout: float = 0.2
    standardise: bool = True
    train_images: int = 4000
    test_images: int = 1000
    smoothing: float = 0.1
    entropy_weight: float = 0.5


class Purifying(_Plan, frozen=True, kw_only=True):
    """NRP: a purifier trained on the local images to undo what distorts the victim's features (Naseer et al. 2020).

    Only where the plan has that defence. ``steps`` = steps of the feature-distorting attack it is trained against,
    ``pixel_weight`` = weight of the squared difference of pixels beside the distance of features: the paper has 0.01,
    its pixel range unsaid; of 0.01 to 1,000 the default did best on validation images (RESULTS.md).
    """

    images: int = 2000
    epochs: int = 8
    batch: int = 64
    rate: float = 1e-3
    steps: int = 5
    pixel_weight: float = 10.0


class Adaptive(_Plan, frozen=True, kw_only=True):
    """Attacks that have the defended system in hand, and the checks whether they mean anything.

    Attributes:
        defences: identities of the plan's defences that are attacked; those not in the plan are passed over.
        tasks: how many of the plan's tasks, unseen ones first.
        images: test images attacked per task.
        checked_images: test images on which the trust checks are run; 0 leaves them out.
    """

    attacks: tuple[Choice, ...] = ()
    defences: tuple[str, ...] = ("undefended", "clean_ensemble", "zepad", "zepad_no_bmp")
    tasks: int = 1
    images: int = 128
    checked_images: int = 50


class Recrafting(_Plan, frozen=True, kw_only=True):
    """Universal perturbations crafted anew, each from its start, to see where their strength ends.

    Attributes:
        attacks, defences: identities in the plan; those it does not have are passed over.
        tasks: on how many of the plan's tasks, unseen ones first; on all their test images.
        budgets_255: other budgets, n/255; empty = the plan's own only.
        steps: other numbers of steps, as multiples of an attack's own; 2 = twice as many.
        starts: how many starts with seeds of their own, the plan's own among them. Of several the attacker keeps the
            one that moves the features of his own images farthest: he has no labels.
    """

    attacks: tuple[str, ...] = ("advencoder_per", "sign_noise")
    defences: tuple[str, ...] = ("undefended", "zepad")
    tasks: int = 1
    budgets_255: tuple[float, ...] = ()
    steps: tuple[float, ...] = ()
    starts: int = 1


class Detector(_Plan, frozen=True, kw_only=True):
    """DAE detector: MPAE confidence minus BMP confidence (method 2.8).

    Attributes:
        confidence: ``c`` = m exp(k (m - 1/2)), or ``m`` = largest softmax probability.
        aggregation: how the two MPAE confidences become one.
        margin: the paper's fixed threshold.
        target_fpr: false-alarm rate the calibrated threshold aims at, 0 to 1.
    """

    confidence: Literal["c", "m"] = "c"
    aggregation: Literal["mean", "max"] = "mean"
    margin: float = 0.1
    target_fpr: float = 0.05


class OfficialSwitches(_Plan, frozen=True, kw_only=True):
    """Bug-compatible behaviours of the official release, one switch each; numbers are items of its known faults.

    Attributes:
        gr_swapped: 1, the regulariser is called as (clean, adversarial).
        gr_moving_reference: 2, target relations come from the model being tuned, gradients through both.
        gr_on_logits: 3, relations of head logits with label blending instead of encoder features.
        pgd_leaves_gradients: 4, gradients of the attack's passes stay in the parameters.
        pgd_unnormalised: 5, the tuning attack runs on images without normalisation.
        entropy_inverted: 9, entropy fusion trusts the least sure branch.
        dropout_first_epoch: 10, dropout acts in the heads' first epoch only.
        attack_batch_statistics: 11, AdvEncoder sees batch statistics from its second epoch.
        no_clamp: 18, perturbed images are not clamped to [0, 1].
    """

    gr_swapped: bool = False
    gr_moving_reference: bool = False
    gr_on_logits: bool = False
    pgd_leaves_gradients: bool = False
    pgd_unnormalised: bool = False
    entropy_inverted: bool = False
    dropout_first_epoch: bool = False
    attack_batch_statistics: bool = False
    no_clamp: bool = False

    @classmethod
    def all_on(cls) -> OfficialSwitches:
        """Every switch on: the ``official`` mode."""
        return cls(**dict.fromkeys(cls.__struct_fields__, True))


DEFAULT_ATTACKS = tuple(
    Choice(key=key) for key in ("advencoder_per", "l4a_base", "advencoder_per_on_benign", "sign_noise")
)
DEFAULT_DEFENCES = tuple(
    Choice(key=key)
    for key in ("undefended", "random_encoder", "clean_ensemble", "zepad", "zepad_no_bmp", "mean_fusion")
)


class AuditPlan(_Plan, frozen=True, kw_only=True):
    """One audit.

    Attributes:
        encoder, auxiliary: a file path, or ``sample:<name>`` for a bundled encoder.
        encoder_says, auxiliary_says: what the user says of these files where they do not say it.
        local_set: the defender's labelled images, for MPAE and BMP: ``sample:<name>``, a folder or a zip.
        surrogate_set: the attacker's images, labels unused.
        tasks: downstream tasks, each ``sample:<name>``, a folder or a zip.
        epsilon_255: L-inf budget of every attack in n/255.
        adaptive: attacks on the defended system itself, beside ``attacks``, which know encoders only.
        recrafting: how ``attacks`` do at other budgets, with other steps and starts.
        device: "auto", "cpu", "cuda" or "cuda:1"; auto takes the GPU if there is one.
        workers: worker processes; 0 = chosen from the cores, or one per GPU.
        arithmetic: ``fast`` rounds crafting and training to bfloat16 where the processor multiplies it, and folds
            batch norms; ``exact`` is float32 throughout, the reference. Scoring is float32 in both.
        threads: torch threads of each worker; one is fastest where there are as many workers as cores.
        batch: images per pass where nothing is trained; 0 = chosen from picture size and free memory.
    """

    schema_version: int = PLAN_VERSION
    encoder: str = "sample:supcon-cifar10-r18w16"
    auxiliary: str = "sample:barlow-tinyimagenet-r18w16"
    encoder_says: Overrides = Overrides()
    auxiliary_says: Overrides = Overrides()
    local_set: str = "sample:emoji"
    surrogate_set: str = "sample:openmoji"
    tasks: tuple[str, ...] = ("sample:emoji", "sample:signs", "sample:satellite", "sample:fashion")
    attacks: tuple[Choice, ...] = DEFAULT_ATTACKS
    defences: tuple[Choice, ...] = DEFAULT_DEFENCES
    epsilon_255: float = 10.0
    preset: Preset = "standard"
    mode: Mode = "corrected"
    switches: OfficialSwitches = OfficialSwitches()
    tuning: Tuning = Tuning()
    benign: BenignTraining = BenignTraining()
    heads: HeadTraining = HeadTraining()
    detector: Detector = Detector()
    purifying: Purifying = Purifying()
    adaptive: Adaptive = Adaptive()
    recrafting: Recrafting = Recrafting()
    surrogate_images: int = 2500
    seed: int = 0
    device: str = "auto"
    workers: int = 0
    arithmetic: Arithmetic = "fast"
    threads: int = 1
    batch: int = 0


def set_name(key: str) -> str:
    """A short file-safe name of an image set: ``emoji`` for ``sample:emoji``, stem and digest for a path."""
    if key.startswith(SAMPLE_PREFIX):
        return key.removeprefix(SAMPLE_PREFIX)
    if key.startswith(NAMED_PREFIX):
        return key.removeprefix(NAMED_PREFIX).partition(":")[0]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(key).stem)[:40] or "set"
    return f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:6]}"


def set_place(key: str) -> str:
    """Where the pictures of a set lie: what stands after a ``named:`` set's name, any other key as it is."""
    return key.removeprefix(NAMED_PREFIX).partition(":")[2] if key.startswith(NAMED_PREFIX) else key


def without_folders(key: str) -> str:
    """A set's or file's key without the folders it lies in: what a draw of random numbers may depend on."""
    kind, place = re.fullmatch(r"(torchvision:[^:]*:)?(.*)", set_place(key), re.DOTALL).groups("")  # type: ignore[union-attr]
    return kind + re.split(r"[\\/]", place.rstrip("\\/"))[-1]


def imported_choice(file: str, others: tuple[Choice, ...] = ()) -> Choice:
    """The attack that reads a perturbation ``file``, named after it and apart from ``others``."""
    stem = re.sub(r"[^a-z0-9_-]+", "-", Path(file).stem.lower()).strip("-_")[:36] or "file"
    taken = {choice.identity for choice in others}
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(others) + 2)))
    free = (Choice(key=IMPORTED, values={"file": file}, name=name) for name in names)
    return next(choice for choice in free if choice.identity not in taken)


class _Naming(msgspec.Struct, frozen=True):
    """Whether a plan says itself what to audit: the default is the bundled sample, which nobody means by silence."""

    encoder: str | msgspec.UnsetType = msgspec.UNSET


def plan_from_json(text: bytes | str) -> AuditPlan:
    """Read a plan.

    Raises:
        BadPlan: the text is no plan of this version, or (``plan.encoder``) does not say what to audit.
    """
    try:
        plan = msgspec.json.decode(text, type=AuditPlan)
        named = msgspec.json.decode(text, type=_Naming).encoder is not msgspec.UNSET
    except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
        raise BadPlan(
            f"This is not an audit plan of version {PLAN_VERSION}: {trouble}.", "Save the plan again with this version."
        ) from trouble
    if plan.schema_version != PLAN_VERSION:
        raise BadPlan(
            f"The plan has version {plan.schema_version}; this program reads version {PLAN_VERSION}.",
            "Save the plan again with this version.",
        )
    if not named:
        raise BadPlan(
            "The plan names no encoder.",
            'Add "encoder": a file, or sample:supcon-cifar10-r18w16. Whatever else is left out has its default.',
            code="plan.encoder",
        )
    return plan


def plan_to_json(plan: AuditPlan) -> bytes:
    """Write a plan, indented, keys in declared order."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"
