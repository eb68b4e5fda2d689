"""One task's detector on a card: the plain sentence, the ROC, the rates at each threshold."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.wording import detector_sentence, percent
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.rate_label import RateLabel
from zepad_app.widgets.roc_plot import RocPlot
from zepad_engine.evidence import Rate
from zepad_engine.findings import Detection


class DetectionPanel(QFrame):
    """A Detection finding, drawn; the sentence comes first."""

    def __init__(self, theme: Theme, found: Detection, task: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.found = found
        self._theme = theme
        self.sentence = theme.label(detector_sentence(found, task))
        self.sentence.setWordWrap(True)
        self.sentence.setToolTip(
            "AUROC, the area under the curve: how often a perturbed image scores above a clean one; 0.5 is chance. "
            f"{found.auroc.n:,} images, 95 % interval in brackets."
        )
        self.roc = RocPlot(theme, found, task)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        layout.setSpacing(INSIDE)
        layout.addWidget(theme.label(task, "section"))
        layout.addWidget(self.sentence)
        body = QHBoxLayout()
        body.setSpacing(BETWEEN)
        body.addWidget(self.roc, 0, Qt.AlignmentFlag.AlignTop)
        body.addLayout(self._rates(), 1)
        layout.addLayout(body)
        layout.addStretch(1)

    def _rates(self) -> QVBoxLayout:
        found = self.found
        rows: tuple[tuple[str, str, Rate, Rate], ...] = (
            (f"Calibrated {found.threshold:.2f}", self._how(found.target_fpr), found.achieved_fpr, found.tpr),
            ("Set for 1 %", self._how(0.01), found.fpr_at_1, found.tpr_at_1),
            ("Set for 5 %", self._how(0.05), found.fpr_at_5, found.tpr_at_5),
            (f"Paper's {found.margin:g}", "Fixed, not calibrated.", found.margin_fpr, found.margin_tpr),
        )
        column = QVBoxLayout()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(INSIDE)
        for place, text in enumerate(("Threshold", "False alarms", "Caught")):
            grid.addWidget(self._theme.label(text, "caption", soft=True), 0, place)
        for number, row in enumerate(rows, start=1):
            self._add_row(grid, number, *row)
        grid.setColumnStretch(3, 1)
        column.addLayout(grid)
        column.addStretch(1)
        return column

    def _add_row(self, grid: QGridLayout, number: int, name: str, hint: str, alarms: Rate, caught: Rate) -> None:
        label = self._theme.label(name)
        label.setToolTip(hint)
        grid.addWidget(label, number, 0)
        grid.addWidget(RateLabel(self._theme, alarms), number, 1)
        grid.addWidget(RateLabel(self._theme, caught), number, 2)

    def _how(self, target: float) -> str:
        return f"Set for {percent(target)} false alarms on {self.found.calibration_n:,} clean calibration images."
