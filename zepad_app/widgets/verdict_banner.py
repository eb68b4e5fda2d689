"""The verdict: the largest thing on the page, two lines at most, with what it rests on below."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, INSIDE, Role
from zepad_app.widgets.warning_strip import WarningStrip
from zepad_engine.findings import Summary

_MOST_LINES = 2
_WITHHELD = "No verdict"


class VerdictBanner(QWidget):
    """Verdict and detail; a verdict too long for two lines of the largest size takes the next one.

    Where the verdict is withheld a sign stands before these words, and the reason below them.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.verdict = theme.label("", "verdict")
        self.reason = theme.label("")
        self.detail = theme.label("", soft=True)
        self._sign = QLabel()
        for label in (self.verdict, self.reason, self.detail):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setAccessibleName("Verdict")
        self.warnings = WarningStrip(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(AROUND, BETWEEN, AROUND, INSIDE)
        column.setSpacing(INSIDE)
        row = QHBoxLayout()
        row.setSpacing(INSIDE + 4)
        row.addWidget(self._sign)
        row.addWidget(self.verdict, 1)
        column.addLayout(row)
        column.addWidget(self.reason)
        column.addWidget(self.detail)
        column.addWidget(self.warnings)
        for part in (self._sign, self.reason):
            part.hide()
        theme.changed.connect(self._fit)
        theme.changed.connect(self._dress)
        self._dress()

    def show_summary(self, summary: Summary, warnings: tuple[str, ...], *, withheld: bool = False) -> None:
        """Say another verdict, or why there is none."""
        self.verdict.setText(_WITHHELD if withheld else summary.verdict)
        self.reason.setText(summary.verdict.removeprefix(f"{_WITHHELD}: ") if withheld else "")
        for part in (self._sign, self.reason):
            part.setVisible(withheld)
        self.verdict.setToolTip(summary.limits)
        self.detail.setText(summary.detail)
        self.warnings.show_warnings(warnings)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the size that keeps two lines."""
        super().resizeEvent(event)
        self._fit()

    def _dress(self) -> None:
        icon = self._theme.icon("wrong", self._theme.tokens.adversarial)
        self._sign.setPixmap(icon.pixmap(QSize(28, 28), self.devicePixelRatioF()))

    def _fit(self) -> None:
        role: Role = "verdict" if self._lines("verdict") <= _MOST_LINES else "section"
        if self.verdict.property("role") != role:
            self.verdict.setProperty("role", role)
            self.verdict.style().unpolish(self.verdict)
            self.verdict.style().polish(self.verdict)

    def _lines(self, role: Role) -> int:
        font = self._theme.font(role)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        width = max(self.width() - 2 * AROUND, 200)
        box = metrics.boundingRect(0, 0, width, 10_000, int(Qt.TextFlag.TextWordWrap), self.verdict.text())
        return round(box.height() / metrics.lineSpacing())
