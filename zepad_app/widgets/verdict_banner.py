"""The verdict: one sentence, the figures it rests on, and what a reader must know before trusting it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from zepad_app.results.headline import headline_of
from zepad_app.results.lamp_row import LampRow
from zepad_app.results.light_board import withheld
from zepad_app.results.sheet import clear
from zepad_app.results.wording import unbroken
from zepad_app.theme import Theme
from zepad_app.tokens import AROUND, BETWEEN, INSIDE, Role
from zepad_app.widgets.buttons import plain
from zepad_app.widgets.figure_tile import FigureTile
from zepad_engine.findings import AuditReport

_MOST_LINES: Final = 2
# The largest that keeps to them; the last whatever it takes.
_SIZES: Final[tuple[Role, ...]] = ("verdict", "section", "body")
_WITHHELD: Final = "No verdict"
_TILE: Final = 336
_SELECTABLE: Final = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_NARROWEST_TILE: Final = 176


class VerdictBanner(QWidget):
    """A verdict too long for two lines of the largest size takes a smaller one.

    Where the verdict is withheld a sign stands before these words, the reason below them, and no figure.
    """

    checks_requested = Signal()

    def __init__(self, theme: Theme, actions: QWidget, parent: QWidget | None = None) -> None:
        """``actions`` stand at the right of the figures."""
        super().__init__(parent)
        self._theme = theme
        self.verdict = theme.label("", "verdict")
        self.reason, self.detail = theme.label(""), theme.label("", soft=True)
        self.warnings = theme.label("")
        self._sign, self._mark = QLabel(), QLabel()
        for label in (self.verdict, self.reason, self.detail, self.warnings):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.setAccessibleName("Verdict")
        self.verdict.setProperty("strong", True)
        self.verdict.setTextInteractionFlags(_SELECTABLE)
        self.verdict.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tiles: list[FigureTile] = []
        self.lamps = LampRow(theme)
        self.lamps.opened.connect(self.checks_requested)
        self.warn = plain("", lambda: self._fold(self.warn, self.warnings))
        self.more = plain("Details", lambda: self._fold(self.more, self.detail), "Show or hide the details")
        for button in (self.warn, self.more):
            button.setCheckable(True)
        self._actions = actions
        self._figures = QHBoxLayout()
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._arrange(actions)
        theme.changed.connect(self._fit)
        theme.changed.connect(self._dress)
        self._dress()

    def show_report(self, report: AuditReport) -> None:
        """Say another verdict, or why there is none."""
        none = withheld(report)
        head = headline_of(report)
        self.verdict.setText(_WITHHELD if none else unbroken(head.sentence))
        self.reason.setText(report.summary.verdict.removeprefix(f"{_WITHHELD}: ") if none else "")
        for part in (self._sign, self.reason):
            part.setVisible(none)
        self.verdict.setToolTip(report.summary.limits)
        self.detail.setText(f"{report.summary.detail} {report.summary.limits}".strip())
        self.lamps.show_report(report)
        self._warn(report.warnings)
        clear(self._figures)
        self.tiles = [] if none else [FigureTile(self._theme, figure) for figure in head.figures]
        for tile in self.tiles:
            tile.setMaximumWidth(round(_TILE * self._theme.scale))
            self._figures.addWidget(tile, 1)
        # As one reads, though made last.
        in_turn: tuple[QWidget, ...] = (self.verdict, *self.tiles)
        below: tuple[QWidget, ...] = (*self._actions.findChildren(QPushButton)[-1:], *self.lamps.strips)
        for before, after in (*pairwise(in_turn), *pairwise(below)):
            self.setTabOrder(before, after)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the size that keeps two lines."""
        super().resizeEvent(event)
        self._fit()

    def _arrange(self, actions: QWidget) -> None:
        title = QHBoxLayout()
        title.setSpacing(INSIDE + 4)
        title.addWidget(self._sign)
        title.addWidget(self.verdict, 1)
        self._figures.setSpacing(BETWEEN)
        middle = self._middle
        middle.setSpacing(BETWEEN)
        middle.addLayout(self._figures, 1)
        middle.addWidget(actions, 0, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.lamps, 1, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self._mark)
        for button in (self.warn, self.more):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(AROUND, BETWEEN, AROUND, 4)
        column.setSpacing(INSIDE + 4)
        column.addLayout(title)
        column.addWidget(self.reason)
        column.addLayout(middle)
        column.addLayout(foot)
        for folded in (self.warnings, self.detail, self._sign, self.reason):
            folded.hide()
        column.addWidget(self.warnings)
        column.addWidget(self.detail)

    def _warn(self, warnings: tuple[str, ...]) -> None:
        count = len(warnings)
        self.warn.setText(f"{count} {'warning' if count == 1 else 'warnings'}")
        self.warn.setAccessibleName("Warnings: " + " ".join(warnings))
        self.warnings.setText("\n".join(f"– {warning}" for warning in warnings))
        for part in (self.warn, self._mark):
            part.setVisible(bool(warnings))
        self.warn.setChecked(False)
        self.warnings.hide()

    def _fold(self, button: QWidget, body: QWidget) -> None:
        body.setVisible(button.isChecked())  # type: ignore[attr-defined]

    def _dress(self) -> None:
        tokens = self._theme.tokens
        sign = self._theme.icon("wrong", tokens.adversarial)
        self._sign.setPixmap(sign.pixmap(QSize(28, 28), self.devicePixelRatioF()))
        mark = self._theme.icon("warning", tokens.warning)
        self._mark.setPixmap(mark.pixmap(QSize(16, 16), self.devicePixelRatioF()))

    def _fit(self) -> None:
        role: Role = next((role for role in _SIZES if self._lines(role) <= _MOST_LINES), _SIZES[-1])
        if self.verdict.property("role") != role:
            self.verdict.setProperty("role", role)
            self.verdict.style().unpolish(self.verdict)
            self.verdict.style().polish(self.verdict)
        self._fit_tiles()

    def _fit_tiles(self) -> None:
        """Beside the actions, or above them where that would leave too little."""
        if not self.tiles:
            return
        whole = self.width() - 2 * AROUND - BETWEEN * (len(self.tiles) - 1)
        room = whole - BETWEEN - self._actions.sizeHint().width()
        narrow = room < len(self.tiles) * _NARROWEST_TILE * self._theme.scale
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._middle.setDirection(down if narrow else across)
        room = whole if narrow else room
        for tile in self.tiles:
            tile.fit(min(room // len(self.tiles), tile.maximumWidth()))

    def _lines(self, role: Role) -> int:
        font = self._theme.font(role)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        width = max(self.width() - 2 * AROUND, 200)
        box = metrics.boundingRect(0, 0, width, 10_000, int(Qt.TextFlag.TextWordWrap), self.verdict.text())
        return round(box.height() / metrics.lineSpacing())
