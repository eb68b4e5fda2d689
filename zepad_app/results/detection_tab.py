"""Detection: whether the detector tells perturbed from clean images, task by task, for a chosen attack."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from zepad_app.results.attack_choice import AttackChoice
from zepad_app.results.sheet import Sheet, clear
from zepad_app.results.wording import task_name
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN
from zepad_app.widgets.detection_panel import DetectionPanel
from zepad_app.widgets.legend_row import LegendRow
from zepad_app.widgets.roc_plot import roc_keys
from zepad_engine.findings import AuditReport

_TWO_COLUMNS_FROM = 1150


class DetectionTab(Sheet):
    """A panel per task, two side by side where the window is wide enough."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._report: AuditReport | None = None
        self.panels: list[DetectionPanel] = []
        self.choice = AttackChoice(theme, "Is a perturbed image noticed?")
        self.how = theme.label("", "caption", soft=True)
        self.how.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setSpacing(BETWEEN)
        self.column.addWidget(self.choice)
        self.column.addWidget(self.how)
        self.column.addWidget(LegendRow(theme, roc_keys(theme)))
        self.column.addLayout(self._grid)
        self.column.addStretch(1)
        self.choice.chosen.connect(self._on_attack)

    def show_report(self, report: AuditReport) -> None:
        """Show another report."""
        self._report = report
        detector = report.plan.detector
        self.how.setText(
            f"Score = {detector.aggregation} MPAE confidence − BMP confidence, on {detector.confidence}; an image is "
            "flagged above the threshold. Thresholds come from clean calibration images, rates from test images."
        )
        attacks = tuple(dict.fromkeys(found.attack for found in report.detection))
        self.choice.show_attacks(report, attacks)

    def resizeEvent(self, event: object) -> None:
        """Fold the panels into one column where two would be cramped."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._place()

    def _on_attack(self, attack: str) -> None:
        clear(self._grid)
        report = self._report
        if report is not None:
            found = [item for item in report.detection if item.attack == attack]
            self.panels = [DetectionPanel(self.theme, item, task_name(report, item.task)) for item in found]
        self._place()

    def _place(self) -> None:
        columns = 2 if self.width() >= _TWO_COLUMNS_FROM else 1
        for number, panel in enumerate(self.panels):
            self._grid.addWidget(panel, number // columns, number % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
