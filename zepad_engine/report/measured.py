"""Every measured number of a report as a row of its own: what a spreadsheet, and a comparison of two runs, can use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from zepad_engine.evidence import Rate
from zepad_engine.findings import AuditReport

COLUMNS: Final = (
    "table",
    "quantity",
    "defence",
    "branch",
    "attack",
    "task",
    "setting",
    "unit",
    "value",
    "low_95",
    "high_95",
    "n",
)


class Row(NamedTuple):
    """One number: where it belongs (keys of the report), what it is, its interval and n where it has them."""

    table: str
    quantity: str
    defence: str = ""
    branch: str = ""
    attack: str = ""
    task: str = ""
    setting: str = ""
    unit: str = "share"
    value: float = 0.0
    low: float | None = None
    high: float | None = None
    n: int | None = None


def measured_rows(report: AuditReport) -> Iterator[Row]:
    """All rows, table by table in the order of the report; times of work are left out."""
    yield from _cells(report)
    yield from _averages(report)
    yield from _worst(report)
    yield from _adaptive(report)
    yield from _branches(report)
    yield from _detection(report)
    yield from _alarms(report)
    yield from _pairs(report)
    yield from _sweeps(report)
    yield from _label_free(report)
    yield from _retrieval(report)
    yield from _perturbations(report)
    yield from _training(report)
    yield from _lights(report)


def _rated(row: Row, measured: Rate | None) -> Iterator[Row]:
    if measured is not None:
        yield row._replace(value=measured.value, low=measured.low, high=measured.high, n=measured.n)


def _rates(row: Row, holder: object, *names: str) -> Iterator[Row]:
    for name in names:
        yield from _rated(row._replace(quantity=name), getattr(holder, name))


def _cells(report: AuditReport) -> Iterator[Row]:
    for cell in report.cells:
        row = Row("cells", "", cell.defence, attack=cell.attack, task=cell.task, setting=_budget(cell.epsilon_255))
        # Clean accuracy is told once, not again beside every attack.
        names = ("ba",) if cell.attack == "none" else ("ra", "asr", "asr_of_correct")
        yield from _rates(row, cell, *names)


def _averages(report: AuditReport) -> Iterator[Row]:
    for average in report.averages:
        tasks = "unseen tasks" if average.unseen else "all tasks"
        row = Row("averages", "", average.defence, attack=average.attack, task=tasks)
        names = ("ba",) if average.attack == "none" else ("ra", "asr")
        yield from _rates(row, average, *names)


def _worst(report: AuditReport) -> Iterator[Row]:
    for case in report.worst:
        row = Row("worst", "", case.defence, attack=f"worst of {len(case.attacks)}", task=case.task, setting=case.scope)
        yield from _rates(row, case, "accuracy", "evaded")


def _adaptive(report: AuditReport) -> Iterator[Row]:
    for found in report.adaptive:
        row = Row(
            "adaptive", "", found.defence, attack=found.attack, task=found.task, setting=_budget(found.epsilon_255)
        )
        names = ("accuracy", "clean_accuracy", "asr_of_correct", "flagged", "evaded", "caught_at_1", "caught_at_5")
        yield from _rates(row, found, *names)
        if found.auroc is not None:
            yield from _rated(row._replace(quantity="auroc", unit="area"), found.auroc)
        for name in ("linf_255", "quantised_255"):
            yield row._replace(quantity=name, unit="n/255", value=float(getattr(found, name)))
        for name in ("steps", "restarts", "queries"):
            yield row._replace(quantity=name, unit="count", value=float(getattr(found, name)))


def _branches(report: AuditReport) -> Iterator[Row]:
    for found in report.branches:
        row = Row("branches", "accuracy", found.defence, found.branch, found.attack, found.task)
        yield from _rated(row, found.accuracy)
        for name in ("weight_share", "confidence"):
            yield row._replace(quantity=name, value=float(getattr(found, name)))


def _detection(report: AuditReport) -> Iterator[Row]:
    for found in report.detection:
        row = Row("detection", "auroc", "zepad", attack=found.attack, task=found.task, unit="area")
        yield from _rated(row, found.auroc)
        row = row._replace(unit="share")
        names = ("achieved_fpr", "tpr", "fpr_at_1", "tpr_at_1", "fpr_at_5", "tpr_at_5", "margin_fpr", "margin_tpr")
        yield from _rates(row, found, *names)
        for name in ("threshold", "margin"):
            yield row._replace(quantity=name, unit="score", value=float(getattr(found, name)))


def _alarms(report: AuditReport) -> Iterator[Row]:
    for alarm in report.false_alarms:
        row = Row("false alarms", "", alarm.defence, task=alarm.task, setting=alarm.condition)
        yield from _rates(row, alarm, "flagged_at_5", "flagged_at_1", "flagged_at_margin", "accuracy")


def _pairs(report: AuditReport) -> Iterator[Row]:
    for pair in report.pairs:
        row = Row("pairs", "difference", f"{pair.a} minus {pair.b}", attack=pair.attack, task=pair.task)
        yield row._replace(value=pair.difference, low=pair.low, high=pair.high, n=pair.n)
        yield row._replace(quantity="p", unit="probability", value=pair.p, n=pair.n)
        for name in ("only_a", "only_b"):
            yield row._replace(quantity=name, unit="count", value=float(getattr(pair, name)), n=pair.n)


def _sweeps(report: AuditReport) -> Iterator[Row]:
    for sweep in report.sweeps:
        for place, rate in sweep.points:
            setting = f"{sweep.quantity} {place:g}"
            yield from _rated(
                Row("sweeps", sweep.rate, sweep.defence, attack=sweep.attack, task=sweep.task, setting=setting), rate
            )


def _label_free(report: AuditReport) -> Iterator[Row]:
    for shift in report.shifts:
        row = Row("shifts", "", branch=shift.branch, attack=shift.attack, task=shift.task, n=shift.n)
        for name in ("cosine_shift", "neighbour_overlap", "rank_clean", "rank_moved", "accuracy_drop"):
            unit = "dimensions" if name.startswith("rank") else "distance" if name == "cosine_shift" else "share"
            yield row._replace(quantity=name, unit=unit, value=float(getattr(shift, name)))
        yield from _rated(row._replace(quantity="cluster_fooling"), shift.cluster_fooling)
    for found in report.correlations:
        row = Row("correlations", "rho", setting=found.measure, unit="rank correlation", n=found.n)
        yield row._replace(value=found.rho)
        yield row._replace(quantity="p", unit="probability", value=found.p)


def _retrieval(report: AuditReport) -> Iterator[Row]:
    for found in report.retrieval:
        row = Row("retrieval", "", branch=found.branch, attack=found.attack, task=found.task)
        yield from _rates(row, found, "recall_at_1", "mean_average_precision")


def _perturbations(report: AuditReport) -> Iterator[Row]:
    for attack in report.attacks:
        row = Row("attacks", "linf_255", attack=attack.key, setting=attack.origin, unit="n/255", value=attack.linf_255)
        yield row
        yield row._replace(quantity="saturated", unit="share", value=attack.saturated)
        yield row._replace(quantity="steps", unit="count", value=float(attack.steps))


def _training(report: AuditReport) -> Iterator[Row]:
    for tuning in report.tuning:
        for epoch in tuning.epochs:
            row = Row("training", "", branch=tuning.branch, setting=f"epoch {epoch.epoch}")
            for name in ("cross_entropy", "regularisation", "total"):
                yield row._replace(quantity=name, unit="loss", value=float(getattr(epoch, name)))
            for name in ("clean_accuracy", "pgd_accuracy"):
                share = getattr(epoch, name)
                if share is not None:
                    yield row._replace(quantity=name, value=float(share), n=tuning.validation_n)
        for round_ in tuning.purifying:
            row = Row("training", "", branch=tuning.branch, setting=f"epoch {round_.epoch}")
            for name in ("feature_loss", "pixel_loss", "total"):
                yield row._replace(quantity=name, unit="loss", value=float(getattr(round_, name)))
            distance = round_.feature_distance
            yield row._replace(quantity="feature_distance", unit="share", value=distance, n=tuning.validation_n)


def _lights(report: AuditReport) -> Iterator[Row]:
    for light in report.lights:
        yield Row("trust", light.key, light.defence, task=light.task, setting=light.colour, unit="", value=light.value)


def _budget(epsilon_255: float) -> str:
    return f"epsilon_255 {epsilon_255:g}"
