"""One judgement, drawn: the picture, a column per branch, the fused answer and the detection gauge."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.results.sheet import card
from zepad_app.results.wording import percent
from zepad_app.theme import Theme
from zepad_app.tokens import BETWEEN, INSIDE
from zepad_app.widgets.branch_column import BranchColumn
from zepad_app.widgets.detection_gauge import DetectionGauge
from zepad_app.widgets.elided_label import ElidedLabel
from zepad_app.widgets.image_compare import ImageCompare
from zepad_app.widgets.probability_bars import ProbabilityBars
from zepad_engine.questions import Explained, Judged

COLUMNS: Final = ("tuned_victim", "tuned_auxiliary", "benign", "undefended")


class JudgementView(QWidget):
    """`show_judged` replaces everything at once."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._flagged = False
        self.compare = ImageCompare(theme)
        self.columns = {branch: BranchColumn(theme, branch) for branch in COLUMNS}
        self.answer = theme.label("", "section")
        self.fused = ProbabilityBars(theme, "fused", rows=3)
        self.gauge = DetectionGauge(theme)
        self.flag_icon = QLabel()
        self.flag = theme.label("", "section")
        self.alarm = theme.label("", "caption", soft=True)
        self.speed = theme.label("", "caption", soft=True)
        # A wrapping label would make the scroll area ask for every preferred height; the whole text is in the hint.
        self.notes = ElidedLabel("caption")
        self._build()
        theme.changed.connect(self._dress)

    def show_judged(self, judged: Judged, folder: Path) -> None:
        """Show another judgement, whose pictures lie in ``folder``."""
        files = [str(folder / name) for name in (judged.shown, judged.perturbed, judged.residual)]
        self.compare.show_files(files, judged.residual_gain)
        for said in (*judged.branches, judged.undefended):
            # The engine may name the undefended victim by its place in the audit; it is told apart by where it stands.
            key = "undefended" if said is judged.undefended else said.branch
            if key in self.columns:
                self.columns[key].show_judgement(said)
        self.answer.setText(judged.fused[0].name if judged.fused else "–")
        self.fused.show_scores(judged.fused)
        self.gauge.show_score(judged.score, judged.threshold, judged.calibration, flagged=judged.flagged)
        self._say_flag(judged)
        self.speed.setText(f"predicted in {1000 * judged.seconds_predict:.0f} ms")
        self.notes.tell(" ".join(judged.notes), "\n".join(judged.notes))
        self.notes.setVisible(bool(judged.notes))

    def show_explained(self, explained: Explained | None) -> None:
        """Show where the answers come from; None takes the maps away."""
        found = {each.branch: Path(each.values) for each in explained.maps} if explained is not None else {}
        for branch, column in self.columns.items():
            column.show_map(found.get(branch))
        if explained is not None:
            said = self.speed.text().partition(",")[0]
            self.speed.setText(f"{said}, explained in {1000 * explained.seconds:.0f} ms")

    def _say_flag(self, judged: Judged) -> None:
        self._flagged = judged.flagged
        self.flag.setText("flagged as DAE" if judged.flagged else "not flagged")
        self.alarm.setText(f"this threshold falsely flags {percent(judged.achieved_fpr)} of clean images")
        self._dress()

    def _build(self) -> None:
        body = QHBoxLayout()
        body.setSpacing(BETWEEN)
        pictured = QVBoxLayout()
        pictured.setSpacing(INSIDE)
        pictured.addWidget(self.compare, 1)
        pictured.addWidget(self.notes)
        body.addWidget(card(pictured, 12), 5)
        columns = QHBoxLayout()
        columns.setSpacing(INSIDE)
        for branch in COLUMNS:
            columns.addWidget(self.columns[branch], 1)
        body.addLayout(columns, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(INSIDE)
        layout.addLayout(body, 1)
        layout.addWidget(self._foot())

    def _foot(self) -> QFrame:
        fused = QVBoxLayout()
        fused.setSpacing(2)
        fused.addWidget(self._theme.label("Fused answer", "caption", soft=True))
        fused.addWidget(self.answer)
        fused.addWidget(self.fused)
        fused.addStretch(1)
        flag = QHBoxLayout()
        flag.setSpacing(INSIDE)
        flag.addWidget(self.flag_icon)
        flag.addWidget(self.flag)
        flag.addWidget(self.alarm, 1, Qt.AlignmentFlag.AlignBottom)
        detector = QVBoxLayout()
        detector.setSpacing(4)
        detector.addLayout(flag)
        detector.addWidget(self.gauge)
        detector.addWidget(self.speed, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        row.setSpacing(32)
        row.addLayout(fused, 2)
        row.addLayout(detector, 5)
        return card(row, 12)

    def _dress(self) -> None:
        tokens = self._theme.tokens
        name, colour = ("warning", tokens.adversarial) if self._flagged else ("done", tokens.ink_soft)
        self.flag_icon.setPixmap(self._theme.icon(name, colour).pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self.flag.setProperty("meaning", "adversarial" if self._flagged else "")
        self.flag.style().unpolish(self.flag)
        self.flag.style().polish(self.flag)
