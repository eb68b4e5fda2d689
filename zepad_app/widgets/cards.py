"""Cards of the drop page: one thing to do, and one row per recent audit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from zepad_app.history import RecentRun, RunState
from zepad_app.results.wording import unbroken
from zepad_app.runs.wording import date_words, verdict_words
from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import plain, primary, secondary
from zepad_app.widgets.thumbnail import thumbnail

_VERBS: Final[dict[RunState, str]] = {
    "finished": "Open",
    "running": "Watch",
    "can be resumed": "Resume",
    "missing": "Gone",
}


class SampleCard(QFrame):
    """One click audits the bundled encoder."""

    audit_requested = Signal()
    plan_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._summary = label("", "body", soft=True)
        self._summary.setWordWrap(True)
        self._estimate = label("", "caption", soft=True)
        self._audit = primary("Audit", self.audit_requested.emit, "Audit the sample encoder")
        self._plan = secondary("Change the plan", self.plan_requested.emit, "Plan the sample audit")
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("Audit the sample encoder", "section"))
        words.addWidget(self._summary)
        words.addWidget(self._estimate)
        row = QHBoxLayout(self)
        row.setContentsMargins(AROUND, BETWEEN, AROUND, BETWEEN)
        row.setSpacing(INSIDE)
        row.addLayout(words, 1)
        row.addSpacing(BETWEEN)
        row.addWidget(self._plan)
        row.addWidget(self._audit)

    @property
    def estimate(self) -> str:
        """The caption under the summary."""
        return self._estimate.text()

    def tell(self, summary: str, estimate: str, *, ready: bool) -> None:
        """Say what would be audited and how long it takes; the buttons wait for the engine."""
        self._summary.setText(summary)
        self._estimate.setText(estimate)
        self._audit.setEnabled(ready)
        self._plan.setEnabled(ready)


class InspectCard(QFrame):
    """One click shows the test images of the newest finished audit, to be judged, explained and attacked."""

    inspection_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._run: RecentRun | None = None
        self._about = label("", "body", soft=True)
        self._about.setWordWrap(True)
        self._button = secondary("Inspect", self._on_clicked, "Inspect test images of the newest audit")
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("Inspect and attack a picture", "section"))
        words.addWidget(self._about)
        row = QHBoxLayout(self)
        row.setContentsMargins(AROUND, BETWEEN, AROUND, BETWEEN)
        row.setSpacing(INSIDE)
        row.addLayout(words, 1)
        row.addSpacing(BETWEEN)
        row.addWidget(self._button)

    @property
    def offered(self) -> bool:
        """Whether there is a finished audit to inspect with."""
        return self._run is not None

    def offer(self, run: RecentRun | None) -> None:
        """Inspect with this audit."""
        self._run = run
        if run is not None:
            self._about.setText(f"Test images of your audit of {run.name}: what each branch says of them, and why.")

    def _on_clicked(self) -> None:
        if self._run is not None:
            self.inspection_requested.emit(self._run.folder)


class RunRow(QFrame):
    """A recent audit; a click opens it, or resumes it where it was not finished."""

    opened = Signal(object)
    resumed = Signal(object)

    def __init__(self, theme: Theme, run: RecentRun, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.setProperty("surface", "row")
        if run.state != "missing":
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{run.name}, {run.state}. {run.verdict}")
        row = QHBoxLayout(self)
        row.setContentsMargins(INSIDE, INSIDE, INSIDE, INSIDE)
        row.setSpacing(BETWEEN)
        row.addWidget(thumbnail(theme, run.thumbnail))
        row.addLayout(self._words(), 1)
        row.addWidget(label(date_words(run.changed), "caption", soft=True))
        verb = _VERBS[run.state]
        button = plain(verb, self._on_chosen, f"{verb} {run.name}")
        # One width for both words, so that the dates stand in a column.
        button.setEnabled(run.state != "missing")
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance("Resume") + 2 * BETWEEN)
        row.addWidget(button)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere on the row."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._on_chosen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return and space do what a click does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._on_chosen()
        else:
            super().keyPressEvent(event)

    def _words(self) -> QVBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(2)
        name = label(self._run.name)
        name.setProperty("strong", True)
        name.setProperty("soft", self._run.state == "missing")
        verdict = label(unbroken(verdict_words(self._run)), "caption", soft=True)
        verdict.setWordWrap(True)
        verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        words.addWidget(name)
        words.addWidget(verdict)
        return words

    def _on_chosen(self) -> None:
        if self._run.state != "missing":
            (self.opened if self._run.state == "finished" else self.resumed).emit(self._run.folder)
