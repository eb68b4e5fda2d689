"""Names, colours and dashes of what a report compares: one meaning each, the same as in the window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from zepad_engine.findings import DataFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How one thing looks everywhere in the report.

    Attributes:
        name: what a reader sees.
        role: the colour's name in the style sheet.
        dash: SVG dash pattern, so that a grey print still reads.
        marker: shape of its points.
        about: one line on what it is.
    """

    name: str
    role: str
    dash: str = ""
    marker: str = "circle"
    about: str = ""


DEFENCES: dict[str, Meaning] = {
    "undefended": Meaning(
        name="Undefended",
        role="undefended",
        dash="2 3",
        about="The audited encoder with a head per task, nothing else.",
    ),
    "random_encoder": Meaning(
        name="Random weights",
        role="undefended",
        dash="1 4",
        marker="cross",
        about="The same net, never trained: what the pre-training is worth.",
    ),
    "clean_ensemble": Meaning(
        name="Three clean encoders",
        role="fused",
        dash="8 3 2 3",
        marker="diamond",
        about="Victim, auxiliary and benign encoder fused, none of them tuned: what the ensemble gives.",
    ),
    "zepad": Meaning(
        name="ZePAD", role="fused", marker="square", about="Both tuned encoders and the benign branch, fused."
    ),
    "zepad_no_bmp": Meaning(
        name="ZePAD without the benign branch",
        role="fused",
        dash="5 3",
        marker="triangle",
        about="The two tuned encoders only.",
    ),
    "mean_fusion": Meaning(
        name="ZePAD, plain mean of the branches",
        role="fused",
        dash="1 3",
        marker="ring",
        about="The same three branches without confidence weights.",
    ),
    "entropy_fusion": Meaning(
        name="ZePAD, entropy weights",
        role="fused",
        dash="6 2 1 2",
        marker="ring",
        about="The same three branches, trusted by how sure each is as its entropy tells.",
    ),
    "tuned_ensemble": Meaning(
        name="Three tuned encoders",
        role="fused",
        dash="9 3",
        marker="triangle",
        about="The cost of ZePAD with every branch tuned, and so without a benign one.",
    ),
    "zepad_one_tuned": Meaning(
        name="ZePAD with one tuned encoder",
        role="fused",
        dash="3 2",
        marker="diamond",
        about="The tuned victim and the benign branch, without the tuned auxiliary.",
    ),
    "zepad_no_mpae": Meaning(
        name="ZePAD without MPAE", role="benign", dash="2 3", marker="diamond", about="The benign branch answers alone."
    ),
    "tuned_victim": Meaning(
        name="Tuned victim alone", role="victim", about="The tuned victim answers alone: ZePAD's tuning without fusion."
    ),
    "pgd_at": Meaning(
        name="PGD-AT", role="victim", dash="6 3", marker="square", about="The victim after plain adversarial tuning."
    ),
    "trades": Meaning(name="TRADES", role="victim", dash="2 3", marker="diamond", about="The victim after TRADES."),
    "mart": Meaning(name="MART", role="victim", dash="8 3 2 3", marker="triangle", about="The victim after MART."),
    "gen_af": Meaning(
        name="Gen-AF", role="victim", dash="1 3", marker="ring", about="The victim after both stages of Gen-AF."
    ),
    "label_smoothing": Meaning(
        name="Label smoothing",
        role="undefended",
        dash="6 3",
        marker="square",
        about="The untuned victim; its head learned from smoothed labels.",
    ),
    "entropy_maximisation": Meaning(
        name="Entropy maximisation",
        role="undefended",
        dash="8 3 2 3",
        marker="diamond",
        about="The untuned victim; its head was rewarded for answers of high entropy.",
    ),
    "purifier": Meaning(
        name="Purifier (NRP)",
        role="auxiliary",
        dash="6 3",
        marker="square",
        about="A network in front of the untuned victim takes out what distorts features.",
    ),
    "counterattack": Meaning(
        name="Test-time counterattack (DOC)",
        role="auxiliary",
        dash="2 3",
        marker="diamond",
        about="Each image is pushed on before the untuned victim sees it.",
    ),
}

BRANCHES: dict[str, Meaning] = {
    "tuned_victim": Meaning(name="MPAE 1, tuned victim", role="victim"),
    "tuned_auxiliary": Meaning(name="MPAE 2, tuned auxiliary", role="auxiliary", dash="6 3", marker="square"),
    "benign": Meaning(name="BMP, benign branch", role="benign", dash="2 3", marker="diamond"),
    "victim": Meaning(name="Victim, untuned", role="victim", dash="1 3"),
    "auxiliary": Meaning(name="Auxiliary, untuned", role="auxiliary", dash="1 3"),
    "random": Meaning(name="Random weights", role="undefended", dash="1 4", marker="cross"),
    "zepad": Meaning(name="ZePAD's branches together", role="fused", marker="square"),
}

# What an attack was crafted against, by the key of its origin.
ORIGINS: dict[str, str] = {
    "victim": "Public encoder",
    "auxiliary": "Auxiliary",
    "benign": "Benign branch",
    "public_pair": "Victim and auxiliary",
    "originals": "All three originals",
    "elsewhere": "Imported",
    "control": "Nothing: random noise",
}
QUANTITIES: dict[str, str] = {
    "epsilon_255": "largest change per pixel, n/255",
    "steps": "steps of the attack",
    "restarts": "restarts of the attack",
    "queries": "queries per image",
    "k": "sharpness k of the fusion",
    "margin": "margin of the detector",
    "lambda": "weight λ",
}
MEASURES: dict[str, str] = {
    "cosine_shift": "Cosine shift",
    "neighbour_overlap": "Neighbours kept",
    "effective_rank": "Effective rank kept",
    "cluster_fooling": "Changed cluster",
}
CONDITIONS: dict[str, str] = {
    "clean": "Clean images",
    "jpeg": "JPEG, quality 75",
    "blur": "Blur of 1 pixel",
    "noise": "Noise of 4/255, not aimed",
}

# What an attribution's values are.
ATTRIBUTIONS: dict[str, str] = {
    "saliency": "how fast the answer changes with each pixel",
    "integrated_gradients": "what each pixel adds to the answer on the way from grey",
    "layer_gradcam": "the last layer's channels, each weighted by its mean gradient",
    "layercam": "the last layer's places, each weighted by its own gradient",
    "occlusion": "how far the answer falls when a small square is made grey",
    "feature_similarity": "how far the features turn (1 \N{MINUS SIGN} cosine) when a small square is made grey",
}

HEADLINE_DEFENCES = ("undefended", "random_encoder", "clean_ensemble", "zepad")
NO_ATTACK = "none"


def defence(key: str) -> Meaning:
    """How a defence is named and drawn; ``key-name`` as its key is, an unknown key as it stands, in ink."""
    base, _, suffix = key.partition("-")
    known = DEFENCES.get(base, Meaning(name=key, role="fused", dash="3 3"))
    return replace(known, name=f"{known.name} ({suffix})") if suffix and base in DEFENCES else known


def branch(key: str) -> Meaning:
    """How a branch is named and drawn; an unknown key is shown as it is, in ink."""
    return BRANCHES.get(key, Meaning(name=key, role="fused", dash="3 3"))


def short_branch(key: str) -> str:
    """A branch in a word or two, for a label with little room."""
    return branch(key).name.partition(",")[0]


def disjointness(data: Iterable[DataFinding]) -> str:
    """Whether tasks share pictures with what defender and attacker had, and how that was looked at."""
    shared = any(found.shared_with for found in data)
    result = (
        "some are in both, as the table says, and the rates on those tasks are to be read with that in mind"
        if shared
        else "none is in both"
    )
    return (
        "Test images of every task were compared, picture by picture, with the defender's local set and the"
        f" attacker's surrogate set: {result}. Within a set that ZePAD splits itself, pictures with the same bytes"
        " always fall into one split, so training, calibration and test images differ."
    )
