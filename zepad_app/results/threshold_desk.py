"""One detector and its threshold: scores, ROC, and in words what the threshold in force does."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from zepad_app.results.operating import (
    BASE_RATES,
    counted,
    operating_at,
    place_of,
    threshold_sentences,
)
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.legend_row import LegendRow
from zepad_app.widgets.roc_plot import RocPlot, roc_keys
from zepad_app.widgets.score_plot import ScorePlot
from zepad_engine.findings import Detection, Levels

_USUAL: Final = 1_000


class ThresholdDesk(QFrame):
    """Asks for another threshold by ``asked``; `show_threshold` is what moves it."""

    asked = Signal(float)
    reset = Signal()
    grabbed = Signal()

    def __init__(
        self, theme: Theme, found: Detection, levels: Levels, task: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.found, self.levels = found, levels
        self._theme = theme
        self._at = place_of(levels, found.threshold)
        self.sentence = theme.label("")
        self.sentence.setProperty("strong", True)
        self.counts = theme.label("", "caption", soft=True)
        for words in (self.sentence, self.counts):
            words.setWordWrap(True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.base = QComboBox()
        self.base.setAccessibleName("How rare perturbed images are")
        for rate in BASE_RATES:
            self.base.addItem(f"1 DAE in {rate:,} images", rate)
        self.base.setCurrentIndex(BASE_RATES.index(_USUAL))
        point = operating_at(levels, self._at)
        self.scores = ScorePlot(theme, task, levels, point)
        self.roc = RocPlot(theme, found, task, point)
        self.calibrated = secondary(
            f"Calibrated ({found.threshold:.2f})", self.reset.emit, "Back to the calibrated threshold"
        )
        margin = f"Paper's margin ({found.margin:g})"
        self.margin = secondary(margin, lambda: self.asked.emit(found.margin), "Use the paper's margin as threshold")
        self._arrange()
        self._connect()
        self._say()

    @property
    def threshold(self) -> float:
        """The stored threshold in force."""
        return self.levels.thresholds[self._at]

    def show_threshold(self, threshold: float) -> None:
        """Put the threshold at the stored one at or below this."""
        self._at = place_of(self.levels, threshold)
        self._say()

    def _arrange(self) -> None:
        plots = QHBoxLayout()
        plots.setSpacing(BETWEEN)
        plots.addLayout(_under(LegendRow(self._theme, self.scores.keys()), self.scores), 1)
        plots.addLayout(_under(LegendRow(self._theme, roc_keys(self._theme)), self.roc))
        controls = QHBoxLayout()
        controls.setSpacing(INSIDE)
        controls.addWidget(self.base)
        controls.addStretch(1)
        controls.addWidget(self.margin)
        controls.addWidget(self.calibrated)
        column = QVBoxLayout(self)
        column.setContentsMargins(BETWEEN, BETWEEN, BETWEEN, BETWEEN)
        column.setSpacing(INSIDE)
        for part in (self.sentence, self.counts):
            column.addWidget(part)
        column.addLayout(plots)
        column.addLayout(controls)

    def _connect(self) -> None:
        self.base.currentIndexChanged.connect(self._say)
        for plot in (self.scores, self.roc):
            plot.grabbed.connect(self.grabbed)
        self.scores.dragged.connect(lambda x, _y: self._ask(self._nearest_score(x)))
        self.roc.dragged.connect(lambda x, y: self._ask(self._nearest_point(x, y)))
        self.scores.stepped.connect(lambda steps: self._ask(self._at + steps))
        # On the ROC the right is where more is flagged: lower thresholds.
        self.roc.stepped.connect(lambda steps: self._ask(self._at - steps))

    def _ask(self, place: int) -> None:
        place = min(max(place, 0), len(self.levels.thresholds) - 1)
        if place != self._at:
            self.asked.emit(self.levels.thresholds[place])

    def _nearest_score(self, score: float) -> int:
        known = self.levels.thresholds
        return min(range(len(known)), key=lambda place: abs(known[place] - score))

    def _nearest_point(self, alarms: float, caught: float) -> int:
        levels = self.levels

        def far(place: int) -> float:
            across = levels.clean_above[place] / levels.clean_n - alarms
            up = levels.perturbed_above[place] / levels.perturbed_n - caught
            return across * across + up * up

        return min(range(len(levels.thresholds)), key=far)

    def _say(self) -> None:
        point = operating_at(self.levels, self._at)
        own = "" if self.threshold == self.found.threshold else "Your own threshold. "
        self.sentence.setText(own + threshold_sentences(point, int(self.base.currentData())))
        self.counts.setText(counted(point))
        self.scores.show_point(point)
        self.roc.show_point(point)
        self.calibrated.setEnabled(self.threshold != self.found.threshold)


def _under(head: QWidget, body: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(head)
    column.addStretch(1)
    column.addWidget(body)
    return column
