"""Detection: whether perturbed images are noticed, at which price, and at which threshold the user would flag."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget

from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.in_turn import InTurn
from zepad_app.results.rate_grid import RateRow, rate_grid
from zepad_app.results.sheet import Sheet, card, clear
from zepad_app.results.task_choice import TaskChoice
from zepad_app.results.threshold_desk import ThresholdDesk
from zepad_app.results.wording import condition_name, detector_sentence, percent, task_name
from zepad_app.theme import Theme
from zepad_app.thresholds import Thresholds
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.undoing import UndoStack
from zepad_app.widgets.abreast import Abreast
from zepad_app.widgets.roc_plot import RocPlot
from zepad_engine.findings import AuditReport, Detection

_OLD = "This report is older than the thresholds that can be moved: audit again, or resume the run, to have them."

_NONE = "This audit has no detector: no ZePAD was among its defences."


class DetectionTab(Sheet):
    """A desk for one task and attack; below it the other tasks, the fixed thresholds and the false alarms."""

    def __init__(self, theme: Theme, thresholds: Thresholds, undo: UndoStack, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self._folder = Path()
        self._thresholds = thresholds
        self._undo = undo
        self._grabs = 0
        self.turns = InTurn(self)
        self.desk: ThresholdDesk | None = None
        self.choice = AttackChoice(theme, "Is a perturbed image noticed?")
        self.task = TaskChoice()
        self.choice.row.insertWidget(2, theme.label("Task", soft=True))
        self.choice.row.insertWidget(3, self.task)
        self.how = theme.label("", "caption", soft=True)
        self.how.setWordWrap(True)
        self._body = QVBoxLayout()
        self._body.setSpacing(BETWEEN)
        self.column.addWidget(self.choice)
        self.column.addWidget(self.how)
        self.column.addLayout(self._body)
        self.column.addStretch(1)
        self.choice.chosen.connect(lambda _attack: self._draw())
        self.task.chosen.connect(lambda _task: self._draw())
        thresholds.changed.connect(self._on_threshold)

    def show_report(self, report: AuditReport, folder: Path) -> None:
        """Show another report, whose run lies in ``folder``."""
        self._report, self._folder = report, folder
        detector = report.plan.detector
        self.how.setText(
            f"Score = {detector.aggregation} MPAE confidence − BMP confidence, on {detector.confidence}; an image is "
            "flagged above the threshold. Thresholds come from clean calibration images, rates from test images."
        )
        self.task.show_tasks(report, tuple(dict.fromkeys(found.task for found in report.detection)))
        self.choice.show_attacks(report, tuple(dict.fromkeys(found.attack for found in report.detection)))

    def _draw(self) -> None:
        clear(self._body)
        self.desk = None
        report = self._report
        if report is None:
            return
        mine = [found for found in report.detection if found.attack == self.choice.attack]
        steps = [partial(step, report, found) for found in mine if found.task == self.task.task for step in self._parts]
        steps += [partial(self._on_every_task, report, mine)] if mine else []
        self.turns.start(steps)
        if not report.detection:
            self._body.addWidget(self.theme.label(_NONE, soft=True))

    @property
    def _parts(self) -> tuple[Callable[[AuditReport, Detection], None], ...]:
        return (
            lambda report, found: self._body.addWidget(self._detector(report, found)),
            lambda report, found: self._body.addWidget(self._tables(report, found)),
        )

    def _on_every_task(self, report: AuditReport, found: list[Detection]) -> None:
        self._body.addWidget(self._section("On every task", self._sentences(report, found)))

    def _detector(self, report: AuditReport, found: Detection) -> QWidget:
        name = task_name(report, found.task)
        if found.levels is None:
            column = QVBoxLayout()
            column.addWidget(RocPlot(self.theme, found, name, None))
            column.addWidget(self.theme.label(_OLD, soft=True))
            return card(column)
        self.desk = desk = ThresholdDesk(self.theme, found, found.levels, name)
        chosen = self._thresholds.chosen(self._folder, found.task)
        desk.show_threshold(found.threshold if chosen is None else chosen)
        desk.asked.connect(lambda value: self._choose(None if value == found.threshold else value))
        desk.reset.connect(lambda: self._choose(None))
        desk.grabbed.connect(self._on_grabbed)
        return desk

    def _choose(self, value: float | None) -> None:
        folder, task = self._folder, self.task.task
        before = self._thresholds.chosen(folder, task)
        self._undo.change(
            "threshold",
            lambda told: self._thresholds.choose(folder, task, told),
            before,
            value,
            merge=f"threshold {folder} {task} {self._grabs}",
        )

    def _on_grabbed(self) -> None:
        # A new drag is a new step to undo; the moves within it are one.
        self._grabs += 1

    def _on_threshold(self, folder: Path, task: str) -> None:
        desk = self.desk
        if desk is not None and (folder, task) == (self._folder, desk.found.task):
            chosen = self._thresholds.chosen(folder, task)
            desk.show_threshold(desk.found.threshold if chosen is None else chosen)

    def _sentences(self, report: AuditReport, found: list[Detection]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(INSIDE)
        for item in found:
            words = self.theme.label(detector_sentence(item, task_name(report, item.task)))
            words.setWordWrap(True)
            words.setToolTip(
                "AUROC, the area under the curve: how often a perturbed image scores above a clean one; 0.5 is chance. "
                f"{item.auroc.n:,} images, 95 % interval in brackets."
            )
            column.addWidget(words)
        return column

    def _tables(self, report: AuditReport, found: Detection) -> QWidget:
        name = task_name(report, found.task)
        fixed = rate_grid(self.theme, *_fixed(found), f"detector on {name}")
        before = self._section("Thresholds set before testing", fixed)
        rows = _alarms(report, found.task)
        if not rows:
            return before
        head = ("Images that are no attack", "Set for 1 %", "Set for 5 %", "Paper's margin")
        alarms = rate_grid(self.theme, head, rows, f"false alarms on {name}")
        return Abreast((before, self._section("False alarms on other images", alarms)), (2, 3))

    def _section(self, title: str, content: QLayout) -> QWidget:
        section = QWidget()
        column = QVBoxLayout(section)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(INSIDE)
        column.addWidget(self.theme.label(title, "section"))
        column.addWidget(card(content))
        column.addStretch(1)
        return section


def _alarms(report: AuditReport, task: str) -> list[RateRow]:
    return [
        RateRow(
            condition_name(report, found.condition),
            "Images that are no attack.",
            (found.flagged_at_1, found.flagged_at_5, found.flagged_at_margin),
        )
        for found in report.false_alarms
        if found.task == task
    ]


def _fixed(found: Detection) -> tuple[tuple[str, ...], list[RateRow]]:
    def how(target: float) -> str:
        return f"Set for {percent(target)} false alarms on {found.calibration_n:,} clean calibration images."

    return ("Threshold", "False alarms", "Caught"), [
        RateRow(f"Calibrated {found.threshold:.2f}", how(found.target_fpr), (found.achieved_fpr, found.tpr)),
        RateRow("Set for 1 %", how(0.01), (found.fpr_at_1, found.tpr_at_1)),
        RateRow("Set for 5 %", how(0.05), (found.fpr_at_5, found.tpr_at_5)),
        RateRow(f"Paper's {found.margin:g}", "Fixed, not calibrated.", (found.margin_fpr, found.margin_tpr)),
    ]
