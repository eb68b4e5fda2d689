"""Trust lights of the sample report: two systems, one of them with a remark; and a red one for a withheld verdict."""

from __future__ import annotations

import msgspec

from tests.support.sample_evidence import ATTACKED
from zepad_engine.evidence import Light
from zepad_engine.findings import AuditReport, Summary

RED = Light(
    key="zero_gradients",
    name="Gradients exist",
    colour="red",
    statement="31 of 50 images have a zero gradient, so gradient attacks see nothing to climb.",
    value=31,
    defence="zepad",
    task=ATTACKED,
)
_CHECKS = (
    (
        "randomised",
        "Answers do not vary",
        "5 passes over 50 images gave the same answers; the largest change is {}.",
        0,
    ),
    ("softmax_output", "Gives logits", "The outputs miss being probabilities by {}.", 14.2),
    ("zero_gradients", "Gradients exist", "{} of 50 images have a zero gradient.", 0),
    ("square_wins", "Gradients lead", "Square Attack breaks {} of 50 images that gradient attacks leave.", 0),
    ("inner_loop", "Nothing optimised inside", "One pass takes {} gradients of its own.", 0),
    ("few_classes", "Enough classes", "{} classes: enough for the DLR loss, which needs 4.", 4),
    ("one_step", "Iterating pays", "PGD leaves {} images fewer than one step.", 21),
    ("converged", "Converged", "With twice the steps PGD breaks {} of 50 images more.", 1),
    ("large_budget", "A large budget breaks it", "At 128/255 {} of 50 images are still right; chance is 14.", 3),
    ("noise", "Noise does less", "Random noise breaks {} images that PGD leaves.", 0),
    ("monotone", "More budget, more harm", "From one budget to the next at most {} images come back.", 0),
)
_AMBER = {"converged": "With twice the steps PGD breaks {} of 50 images more: give it more steps."}


def sample_lights() -> tuple[Light, ...]:
    """All green for the undefended encoder; ZePAD's attack has not quite converged."""
    return tuple(
        Light(
            key=key,
            name=name,
            colour="amber" if (remark := _AMBER.get(key) if defence == "zepad" else None) else "green",
            statement=(remark or statement).format(f"{value + 4 if remark else value:g}"),
            value=value + 4 if remark else value,
            defence=defence,
            task=ATTACKED,
        )
        for defence in ("undefended", "zepad")
        for key, name, statement, value in _CHECKS
    )


def with_red_light(report: AuditReport) -> AuditReport:
    """The same report with a check that failed, and the words that follow from it."""
    lights = tuple(RED if (one.defence, one.key) == (RED.defence, RED.key) else one for one in report.lights)
    verdict = (
        "No verdict: 1 check on the attacks failed (ZePAD: gradients exist), so their figures cannot be trusted. "
        f"{RED.statement}"
    )
    summary = Summary(verdict=verdict, detail=report.summary.detail, limits=report.summary.limits)
    return msgspec.structs.replace(report, lights=lights, summary=summary)
