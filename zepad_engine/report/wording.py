"""Names, colours and dashes of what a report compares: one meaning each, the same as in the window."""

from __future__ import annotations

from dataclasses import dataclass


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
}

BRANCHES: dict[str, Meaning] = {
    "tuned_victim": Meaning(name="MPAE 1, tuned victim", role="victim"),
    "tuned_auxiliary": Meaning(name="MPAE 2, tuned auxiliary", role="auxiliary", dash="6 3", marker="square"),
    "benign": Meaning(name="BMP, benign branch", role="benign", dash="2 3", marker="diamond"),
    "victim": Meaning(name="Victim, untuned", role="victim", dash="1 3"),
    "auxiliary": Meaning(name="Auxiliary, untuned", role="auxiliary", dash="1 3"),
}

HEADLINE_DEFENCES = ("undefended", "random_encoder", "clean_ensemble", "zepad")
NO_ATTACK = "none"


def defence(key: str) -> Meaning:
    """How a defence is named and drawn; an unknown key is shown as it is, in ink."""
    return DEFENCES.get(key, Meaning(name=key, role="fused", dash="3 3"))


def branch(key: str) -> Meaning:
    """How a branch is named and drawn; an unknown key is shown as it is, in ink."""
    return BRANCHES.get(key, Meaning(name=key, role="fused", dash="3 3"))
