"""The fused answer, and whether the picture is flagged: the line under everything else."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.inspection.sentences import alarm_sentence, answer_sentence, short_alarms
from zepad_app.theme import Theme
from zepad_app.tokens import INSIDE, SECTION
from zepad_app.widgets.detection_gauge import DetectionGauge
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.fitting_label import FittingLabel
from zepad_app.widgets.probability_bars import ProbabilityBars
from zepad_engine.evidence import Rate
from zepad_engine.questions import Judged

_ALARMS: Final = "False alarms among the clean test images of the task, with the 95 % interval."


class Foot(QFrame):
    """Fused answer at the left, detection gauge at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._flagged = False
        self.setProperty("surface", "card")
        self.answer = theme.label("", "section")
        self.caption = ElidedLabel("caption")
        self.fused = ProbabilityBars(theme, "fused", rows=2)
        self.gauge = DetectionGauge(theme)
        self.flag_icon = QLabel()
        self.flag = theme.label("", "section")
        self.alarm = FittingLabel()
        self._build()
        theme.changed.connect(self._dress)

    def show_judged(self, judged: Judged, alarms: Rate | None, own: float | None) -> None:
        """Show another judgement; ``own`` is the threshold the user chose instead of the calibrated one."""
        threshold = judged.threshold if own is None else own
        self._flagged = judged.flagged if own is None else judged.score > own
        self.answer.setText(judged.fused[0].name if judged.fused else "–")
        self.caption.tell(" · ".join(part for part in ("ZePAD's fused answer", answer_sentence(judged)) if part))
        self.fused.show_scores(judged.fused)
        self.gauge.show_score(judged.score, threshold, judged.calibration, flagged=self._flagged, own=own is not None)
        self.flag.setText("Flagged as DAE" if self._flagged else "Not flagged")
        sentence = alarm_sentence(alarms, own=own is not None)
        self.alarm.tell_either(sentence, short_alarms(alarms), hint=f"{sentence}\n{_ALARMS}")
        self._dress()

    def _build(self) -> None:
        fused = QVBoxLayout()
        fused.setSpacing(2)
        fused.addWidget(self.caption)
        fused.addWidget(self.answer)
        fused.addWidget(self.fused)
        fused.addStretch(1)
        flag = QHBoxLayout()
        flag.setSpacing(INSIDE)
        flag.addWidget(self.flag_icon)
        flag.addWidget(self.flag)
        flag.addWidget(self.alarm, 1)
        detector = QVBoxLayout()
        detector.setSpacing(4)
        detector.addLayout(flag)
        detector.addWidget(self.gauge)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, INSIDE, 12, INSIDE)
        row.setSpacing(SECTION)
        row.addLayout(fused, 2)
        row.addLayout(detector, 5)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        name, colour = ("flag", tokens.adversarial) if self._flagged else ("done", tokens.ink_soft)
        self.flag_icon.setPixmap(self._theme.icon(name, colour).pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self.flag.setProperty("meaning", "adversarial" if self._flagged else "")
        self.flag.style().unpolish(self.flag)
        self.flag.style().polish(self.flag)
