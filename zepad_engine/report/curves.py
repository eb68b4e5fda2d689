"""The curves of a report: tuning losses and accuracies by epoch, and the detector's ROC."""

from __future__ import annotations

import math

from markupsafe import Markup

from zepad_engine.findings import Detection
from zepad_engine.report.charts import Frame, Line, axes, drawing, line_names, marker, round_ticks, stroke, words
from zepad_engine.report.wording import branch
from zepad_engine.trained import EpochRow, PurifyingRow, TuningFinding

_CURVE_SIZE = (500, 230)
_ROC_SIZE = (236, 244)


def loss_chart(tuning: TuningFinding, width: int = _CURVE_SIZE[0]) -> Markup:
    """Mean losses of each epoch; the total is the solid line, and the only one where nothing is added to it."""
    role = branch(tuning.branch).role
    lines: tuple[Line, ...]
    if tuning.purifying:
        lines = (
            Line(name="total", points=_column(tuning, "total"), role=role),
            Line(name="features", points=_column(tuning, "feature_loss"), role=role, dash="6 3"),
            Line(name="pixels", points=_column(tuning, "pixel_loss"), role=role, dash="2 3"),
        )
        return _by_epoch(tuning, lines, "mean loss", f"Losses by epoch of {branch(tuning.branch).name}", width)
    entropy, added = (_column(tuning, name) for name in ("cross_entropy", "regularisation"))
    lines = (Line(name="total", points=_column(tuning, "total"), role=role),)
    if any(value for _, value in added):
        lines += (
            Line(name="cross-entropy", points=entropy, role=role, dash="6 3"),
            Line(name="regularisation", points=added, role=role, dash="2 3"),
        )
    return _by_epoch(tuning, lines, "mean loss", f"Losses by epoch of {branch(tuning.branch).name}", width)


def accuracy_chart(tuning: TuningFinding, width: int = _CURVE_SIZE[0]) -> Markup:
    """Validation accuracy of each epoch, clean and under PGD; of a purifier the distance it leaves of features."""
    if tuning.purifying:
        return _distance_chart(tuning, width)
    lines = (
        Line(name="clean", points=_column(tuning, "clean_accuracy", 100), role=branch(tuning.branch).role),
        Line(name="under PGD", points=_column(tuning, "pgd_accuracy", 100), role="adversarial", dash="6 3"),
    )
    return _by_epoch(
        tuning,
        lines,
        f"accuracy, per cent of {tuning.validation_n:,}",
        f"Validation accuracy by epoch of {branch(tuning.branch).name}",
        width,
    )


def _distance_chart(tuning: TuningFinding, width: int) -> Markup:
    purified = _column(tuning, "feature_distance")
    untouched = tuple((epoch, tuning.untouched) for epoch, _ in purified if tuning.untouched is not None)
    lines = (
        Line(name="purified", points=purified, role=branch(tuning.branch).role),
        Line(name="not purified", points=untouched, role="adversarial", dash="6 3"),
    )
    name = branch(tuning.branch).name
    return _by_epoch(
        tuning, lines, "feature distance", f"Distance of distorted validation features by epoch of {name}", width
    )


def roc_chart(detection: Detection) -> Markup:
    """One ROC curve; the calibrated threshold is a square with whiskers, the paper's fixed margin a ring."""
    frame = Frame(width=_ROC_SIZE[0], height=_ROC_SIZE[1], across=(0, 1), up=(0, 1), left=44, top=8)
    parts = [
        axes(frame, "false alarms among clean", "caught among perturbed", (0, 0.5, 1), (0, 0.5, 1)),
        stroke([(frame.x(0), frame.y(0)), (frame.x(1), frame.y(1))], "undefended", "2 3"),
        stroke([(frame.x(fpr), frame.y(tpr)) for fpr, tpr in detection.roc], "adversarial"),
        _whiskers(frame, detection),
        marker(frame.x(detection.margin_fpr.value), frame.y(detection.margin_tpr.value), "ring", "fused"),
        marker(frame.x(detection.achieved_fpr.value), frame.y(detection.tpr.value), "square", "fused"),
    ]
    alternative = (
        f"ROC of the detector on {detection.task} under {detection.attack}: area {detection.auroc.value:.3f}, "
        f"{detection.auroc.low:.3f} to {detection.auroc.high:.3f}, n {detection.auroc.n}"
    )
    return drawing(frame.width, frame.height, alternative, parts)


def _whiskers(frame: Frame, detection: Detection) -> Markup:
    fpr, tpr = detection.achieved_fpr, detection.tpr
    level, column = frame.y(tpr.value), frame.x(fpr.value)
    across = stroke([(frame.x(fpr.low), level), (frame.x(fpr.high), level)], "fused", name="whisker")
    return across + stroke([(column, frame.y(tpr.low)), (column, frame.y(tpr.high))], "fused", name="whisker")


def _column(tuning: TuningFinding, name: str, scale: float = 1.0) -> tuple[tuple[float, float], ...]:
    measured = ((row.epoch, _value(row, name)) for row in tuning.rows)
    points = [(float(epoch), scale * value) for epoch, value in measured if value is not None]
    # A loss that ran away is no point of a curve; the recipe and report.json still tell of it.
    return tuple(point for point in points if math.isfinite(point[1]))


def _value(row: EpochRow | PurifyingRow, name: str) -> float | None:
    value = getattr(row, name)
    return None if value is None else float(value)


def _by_epoch(tuning: TuningFinding, lines: tuple[Line, ...], label_up: str, alternative: str, width: int) -> Markup:
    lines = tuple(line for line in lines if line.points)
    if not lines:
        return Markup("")
    frame = _epoch_frame(tuning, lines, width)
    ticks = tuple(tick for tick in round_ticks(frame.across) if tick == int(tick))
    chosen = frame.x(tuning.selected_epoch)
    parts = [
        axes(frame, "epoch", label_up, ticks, round_ticks(frame.up)),
        stroke([(chosen, frame.top), (chosen, frame.height - frame.bottom)], "axis", "3 3"),
        words(chosen, frame.top - 2, "kept", name="tick"),
    ]
    parts += [_curve(frame, line) for line in lines]
    parts += line_names(frame, [(frame.y(line.points[-1][1]), line.name, line.role) for line in lines])
    return drawing(frame.width, frame.height, f"{alternative}; epoch {tuning.selected_epoch} was kept", parts)


def _epoch_frame(tuning: TuningFinding, lines: tuple[Line, ...], width: int) -> Frame:
    """Both scales begin at zero or below, so that no small change looks large."""
    values = [value for line in lines for _, value in line.points]
    low, high = min(0.0, *values), max(values)
    epochs = [float(row.epoch) for row in tuning.rows]
    across = (epochs[0], max(epochs[-1], epochs[0] + 1))
    return Frame(
        width=width, height=_CURVE_SIZE[1], across=across, up=(low, high + 0.08 * ((high - low) or 1.0)), right=112
    )


def _curve(frame: Frame, line: Line) -> Markup:
    return stroke([(frame.x(x), frame.y(y)) for x, y in line.points], line.role, line.dash)
