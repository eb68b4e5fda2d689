"""What the Inspect page asks of a finished run, and what it is told. Torch-free.

Each question is short and ends in its one answer, so that the window may put a newer one before those that wait.
Files are paths inside the run folder.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

Method: TypeAlias = Literal[
    "saliency", "integrated_gradients", "layer_gradcam", "layercam", "occlusion", "feature_similarity"
]
# Attack key of a question: per-image PGD on ZePAD itself, made for this very picture.
PGD: Final = "pgd"
PGD_STEPS: Final = 20


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Subject(_Part, frozen=True, kw_only=True):
    """A picture as it is put before the branches.

    Attributes:
        folder: the run folder.
        image: path of the picture, or ``test:<index>`` for a test image of the task.
        task: which heads to use: the name its cells carry, or what the plan calls it.
        attack: identity of a perturbation of the run, ``pgd`` for per-image PGD on ZePAD, or "" for none.
        epsilon_255: size the perturbation is scaled to, or PGD's budget; not above the audited budget.
        step: of per-image PGD, the iterate shown, 0 (clean) to ``PGD_STEPS``; else unused.
    """

    folder: str
    image: str
    task: str
    attack: str = ""
    epsilon_255: float = 0.0
    step: int = 0


class JudgeImage(_Message, frozen=True, kw_only=True, tag="judge_image"):
    """What does each branch say of it? Forward passes only; answered by Judged."""

    request: str
    subject: Subject


class ExplainImage(_Message, frozen=True, kw_only=True, tag="explain_image"):
    """Why? One method, every branch; answered by Explained."""

    request: str
    subject: Subject
    method: Method


class FindNeighbours(_Message, frozen=True, kw_only=True, tag="find_neighbours"):
    """Where does it lie among the test images, clean and perturbed? Answered by Neighboured.

    Attributes:
        branch: whose features: "victim", "tuned_victim", "tuned_auxiliary" or "benign".
        count: how many nearest images.
    """

    request: str
    subject: Subject
    branch: str = "victim"
    count: int = 8


class SiftImages(_Message, frozen=True, kw_only=True, tag="sift_images"):
    """Judge many pictures shortly, for the filmstrip; answered by Sifted. At most ``SIFT_AT_ONCE`` images."""

    request: str
    folder: str
    images: tuple[str, ...]
    task: str
    attack: str = ""
    epsilon_255: float = 0.0


SIFT_AT_ONCE: Final = 32


class ClassScore(_Part, frozen=True, kw_only=True):
    """A class name and its softmax probability."""

    name: str
    probability: float


class BranchJudgement(_Part, frozen=True, kw_only=True):
    """What one branch says: top classes, confidence m and c, fusion weight (0 to 1)."""

    branch: str
    top: tuple[ClassScore, ...]
    m: float
    c: float
    weight: float


class Judged(_Message, frozen=True, kw_only=True, tag="judged"):
    """One picture through undefended victim and ZePAD.

    Attributes:
        sha256: digest of the dropped picture's bytes, or "" for a test image.
        label: class of a test image, or "".
        shown, perturbed, residual: picture paths at the model's own size: the input, with the perturbation, and the
            difference amplified by ``residual_gain``.
        score: MPAE minus BMP confidence; flagged if above ``threshold``.
        achieved_fpr: false-alarm rate measured on the test split at that threshold, 0 to 1.
        calibration: scores of the clean calibration images (at most 200), for the gauge.
        seconds_predict: forward passes; seconds_attack: crafting of a per-image perturbation, 0 otherwise.
    """

    request: str
    subject: Subject
    label: str = ""
    shown: str
    perturbed: str
    residual: str
    residual_gain: float
    undefended: BranchJudgement
    branches: tuple[BranchJudgement, ...]
    fused: tuple[ClassScore, ...]
    score: float
    threshold: float
    achieved_fpr: float
    flagged: bool
    calibration: tuple[float, ...]
    notes: tuple[str, ...]
    sha256: str = ""
    seconds_predict: float
    seconds_attack: float = 0.0


class BranchMap(_Part, frozen=True, kw_only=True):
    """One branch's attribution.

    Attributes:
        branch: "undefended", "tuned_victim", "tuned_auxiliary" or "benign".
        values: path of a ``.npy`` file, float32 (H, W), not negative, in the method's own unit.
        deletion, insertion: area under the top class's probability (feature_similarity: under the cosine with the
            whole picture's features) while the most important pixels are taken away, or put back, first; 0 to 1.
            A faithful map has a low deletion and a high insertion score.
    """

    branch: str
    values: str
    deletion: float
    insertion: float


class MapAgreement(_Part, frozen=True, kw_only=True):
    """Spearman's rank correlation of two branches' maps, -1 to 1; 0 where one of them is flat."""

    first: str
    second: str
    rho: float


class Explained(_Message, frozen=True, kw_only=True, tag="explained"):
    """The maps of one method; branches in the order undefended, tuned_victim, tuned_auxiliary, benign."""

    request: str
    subject: Subject
    method: Method
    maps: tuple[BranchMap, ...]
    agreement: tuple[MapAgreement, ...]
    seconds: float


class MapPoint(_Part, frozen=True, kw_only=True):
    """A picture on the PCA map."""

    x: float
    y: float
    label: str
    perturbed: bool
    index: int = -1


class Neighbour(_Part, frozen=True, kw_only=True):
    """A near test image: its cosine similarity (-1 to 1) and the path of its thumbnail."""

    index: int
    label: str
    perturbed: bool
    similarity: float
    thumbnail: str


class Neighboured(_Message, frozen=True, kw_only=True, tag="neighboured"):
    """Where a picture lies in a branch's features.

    Attributes:
        points: test images, clean and (if the question has an attack of the run) perturbed at the audited size,
            whatever the size asked for; at most 400. Long class names are cut.
        clean, perturbed: this picture without and with the perturbation; equal where there is none.
        nearest: to the picture as asked about, nearest first; not itself.
        share: how much of the features' variance the two axes hold, 0 to 1.
    """

    request: str
    subject: Subject
    branch: str
    points: tuple[MapPoint, ...]
    clean: MapPoint
    perturbed: MapPoint
    nearest: tuple[Neighbour, ...]
    share: float


class SiftRow(_Part, frozen=True, kw_only=True):
    """One picture of a filmstrip, or why there is none.

    Attributes:
        thumbnail: path, at most 96 pixels a side, or "" where the picture was refused.
        answer, probability: of fused ZePAD.
        undefended: the undefended victim's class.
        disagreement: share of ZePAD's branches whose class is not the fused one, 0 to 1.
        refused, advice: why it could not be read, in a sentence; "" if it could.
    """

    image: str
    thumbnail: str = ""
    answer: str = ""
    probability: float = 0.0
    undefended: str = ""
    score: float = 0.0
    flagged: bool = False
    disagreement: float = 0.0
    refused: str = ""
    advice: str = ""


class Sifted(_Message, frozen=True, kw_only=True, tag="sifted"):
    """Rows in the order asked."""

    request: str
    rows: tuple[SiftRow, ...]


Question: TypeAlias = JudgeImage | ExplainImage | FindNeighbours | SiftImages
Answer: TypeAlias = Judged | Explained | Neighboured | Sifted
