"""Detection and what stands behind the answers: ROC, false alarms, branches, measures without labels, retrieval."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.platypus import Flowable

from zepad_engine.evidence import RankCorrelation
from zepad_engine.findings import BranchFinding, Detection
from zepad_engine.report import measures, wording
from zepad_engine.report.curves import roc_chart
from zepad_engine.report.numbers import in_text, probability
from zepad_engine.report.pdf.blocks import Cell, area, heading, rate, side_by_side, table, text, with_note
from zepad_engine.report.view import View

_COLUMNS = 5


def detection(view: View) -> Iterator[Flowable]:
    """The detector: score, thresholds, rates, ROC, false alarms."""
    found = view.report.detection
    yield heading("Detection")
    if not found:
        yield text("No detector was evaluated in this audit.")
        return
    yield text(_score(found[0]))
    yield from _rates(view, found)
    yield from side_by_side(
        [
            (roc_chart(each), text(f"{view.task_name(each.task)}, {view.attack_name(each.attack)}", "caption"))
            for each in found
            if each.roc
        ],
        3,
    )
    yield from _alarms(view)


def _score(first: Detection) -> str:
    score = "c = m exp(k (m − ½))" if first.confidence == "c" else "m, the largest softmax probability"
    return (
        f"Score: MPAE confidence minus BMP confidence ({score}; {first.aggregation} of the two MPAE branches)."
        f" The threshold aims at {100 * first.target_fpr:g} false alarms per 100 clean images on the"
        " calibration split; all rates are measured on the test split. Margin rule: the paper's fixed threshold of"
        f" {first.margin:g}. An area of 0.5 is chance: where the interval holds 0.5, the detector was not shown to"
        " work."
    )


def _rates(view: View, found: tuple[Detection, ...]) -> Iterator[Flowable]:
    head = (
        "Task, attack",
        "AUROC",
        "False alarms",
        "Caught",
        "Caught at 1 in 100",
        "Caught at 5 in 100",
        "Margin: alarms",
        "Margin: caught",
    )
    rows: list[list[Cell]] = [
        [
            with_note(view.task_name(each.task), view.attack_name(each.attack)),
            area(each.auroc),
            each.achieved_fpr,
            each.tpr,
            each.tpr_at_1,
            each.tpr_at_5,
            each.margin_fpr,
            each.margin_tpr,
        ]
        for each in found
    ]
    caption = "False alarms: share of clean images flagged. Caught: share of perturbed images flagged."
    yield from table(head, rows, caption=caption)


def _alarms(view: View) -> Iterator[Flowable]:
    tables = measures.alarm_tables(view.report.false_alarms)
    if tables:
        yield heading("False alarms on images that are no attack", 1)
    for key, task, alarms in tables:
        yield from table(
            ("Images", "Flagged, set for 5 in 100", "Flagged, set for 1 in 100", "Margin rule", "Accuracy on them"),
            [
                (
                    view.condition_name(alarm.condition),
                    alarm.flagged_at_5,
                    alarm.flagged_at_1,
                    alarm.flagged_at_margin,
                    alarm.accuracy,
                )
                for alarm in alarms
            ],
            caption=f"{view.task_name(task)}, detector of {view.defence_name(key)}.",
        )


def branches(view: View) -> Iterator[Flowable]:
    """What each branch does alone, and how much of the answer is its."""
    conditions = (wording.NO_ATTACK, *view.attacks)
    for shown, tasks in view.branch_tables():
        yield heading("Branches")
        yield text(
            f"What each branch of {view.defence_name(shown)} does alone, and its mean share of the fused answer."
        )
        for task in tasks:
            for start in range(0, len(conditions), _COLUMNS):
                part = conditions[start : start + _COLUMNS]
                yield from table(
                    ["Branch", *map(view.attack_name, part)],
                    [
                        [wording.branch(key).name, *map(_branch_cell, findings[start : start + _COLUMNS])]
                        for key, findings in view.branch_rows(shown, task)
                    ],
                    caption=view.task_name(task),
                )


def _branch_cell(found: BranchFinding | None) -> Cell:
    if found is None:
        return None
    return rate(found.accuracy, f"share {found.weight_share:.2f}, m {found.confidence:.2f}")


def label_free(view: View) -> Iterator[Flowable]:
    """Feature shifts and retrieval."""
    report = view.report
    if report.shifts or report.correlations:
        yield heading("Without labels")
        yield text(
            "What a perturbation does to an encoder's features can be measured before any task exists."
            " Whether it foretells the accuracy that is later lost is itself measured, by the rank"
            " correlation over attacks and tasks."
        )
        yield from table(
            ("Measure", "Spearman's ρ with the accuracy drop", "Pairs", "p"),
            [_correlation(found) for found in report.correlations],
        )
        yield from table(
            (
                "Attack",
                "Branch",
                "Cosine shift",
                "Neighbours kept",
                "Effective rank",
                "Changed cluster",
                "Accuracy drop",
            ),
            [
                (
                    view.attack_name(shift.attack),
                    wording.branch(shift.branch).name,
                    with_note(f"{shift.cosine:.3f}", f"n {shift.n:,}"),
                    f"{shift.neighbours:.2f}",
                    f"{shift.rank_clean:.1f} to {shift.rank_moved:.1f}",
                    shift.clusters,
                    f"{100 * shift.drop:.1f} points",
                )
                for shift in measures.mean_shifts(report.shifts)
            ],
            caption="Means over tasks; single tasks stand in report.json.",
        )
    yield from _retrieval(view)


def _correlation(found: RankCorrelation) -> tuple[str, str, str, str]:
    name = wording.MEASURES.get(found.measure, found.measure)
    return name, f"{found.rho:.2f}", f"n {found.n:,}", probability(found.p).removeprefix("= ")


def _retrieval(view: View) -> Iterator[Flowable]:
    attacks = measures.retrieval_attacks(view.report)
    if not attacks:
        return
    yield heading("Retrieval")
    yield text("Perturbed queries against a clean gallery: Recall@1, and below it mAP. Means over tasks.", "lead")
    for start in range(0, len(attacks), _COLUMNS):
        part = attacks[start : start + _COLUMNS]
        rows: list[list[Cell]] = []
        for key, found in measures.retrieval_rows(view.report):
            cells = [
                rate(found[name].recall, f"mAP {in_text(found[name].precision)}") if name in found else None
                for name in part
            ]
            rows.append([wording.branch(key).name, *cells])
        yield from table(["Branch", *map(view.attack_name, part)], rows)
