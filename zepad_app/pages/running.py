"""The audit while it runs: stages at the left, live curves, pictures and results at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.estimate import clock
from zepad_app.failures import NoticeText, notice_of
from zepad_app.pages.live_view import LiveView
from zepad_app.pages.page import Heading, Page
from zepad_app.run_log import RunLog
from zepad_app.theme import Theme, label
from zepad_app.tokens import AROUND, BETWEEN, INSIDE
from zepad_app.widgets.buttons import secondary
from zepad_app.widgets.notice import Notice
from zepad_app.widgets.stage_list import StageList
from zepad_app.widgets.wrapping_label import WrappingLabel

# At the usual text size; of a larger one the curves beside it take their share.
_SIDE = 312
_KEEPS = "Cancel keeps what is done."
_PAUSED = "Nothing computes. The workers keep their memory; Cancel frees it and keeps what is done."
_ENDING = "Jobs that run now end first; no other begins."


class RunningPage(Page):
    """Follows the audit; its one button cancels, or resumes what was stopped."""

    closed = Signal()

    def __init__(self, model: AuditModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self.notice = Notice(theme)
        self.notice.remedied.connect(lambda _remedy: self._resume())
        self._share = label("", "verdict")
        self._left = WrappingLabel(soft=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the audit")
        self._keeps = label(_KEEPS, "caption", soft=True)
        self._keeps.setWordWrap(True)
        self.hold = secondary("Pause", self._on_hold, "Pause")
        self.stages = StageList(theme)
        self.log = RunLog(model, self)
        self.live = LiveView(model, self.log, theme)
        self._arrange()
        model.changed.connect(self._on_changed)
        self._on_changed()

    @property
    def heading(self) -> Heading:
        """The encoder, what happens to it, and Cancel or Resume."""
        state = self._model.state
        name = state.plan.encoder.removeprefix("sample:") if state.plan else ""
        title = name.replace("\\", "/").rsplit("/", 1)[-1]
        actions = {
            "running": "Cancel",
            "paused": "Cancel",
            "cancelling": "Cancelling…",
            "cancelled": "Resume",
            "failed": "Resume",
        }
        details = {
            "running": "Audit running",
            "paused": "Audit paused",
            "cancelling": "Stopping; what is done is kept",
            "cancelled": "Audit cancelled; what was done is kept",
            "failed": "Audit stopped by a failure",
            "done": "Audit finished",
        }
        return Heading(
            title=title,
            detail=details.get(state.phase, ""),
            action=actions.get(state.phase, ""),
            enabled=state.phase != "cancelling",
            quiet=state.busy,
            back="" if state.busy else "Start page",
        )

    def act(self) -> None:
        """Cancel what runs, or resume what does not."""
        if self._model.state.busy:
            self._model.cancel()
        else:
            self._resume()

    def go_back(self) -> None:
        """Leave an audit that does not run any more."""
        self.closed.emit()

    def _resume(self) -> None:
        folder = self._model.state.run_folder
        if folder is not None:
            self._model.resume(folder)

    def _arrange(self) -> None:
        side = QVBoxLayout()
        side.setContentsMargins(AROUND, AROUND, BETWEEN, AROUND)
        side.setSpacing(INSIDE)
        for widget in (self._share, self._left, self._bar, self.hold, self._keeps):
            side.addWidget(widget)
        side.addSpacing(INSIDE)
        side.addWidget(self.stages)
        side.addStretch(1)
        panel = QWidget()
        panel.setLayout(side)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(self._side_width())
        self._side = scroll
        self._theme.changed.connect(self._widen)
        scroll.setWidget(panel)
        panel.setProperty("surface", "ground")
        right = QVBoxLayout()
        right.setContentsMargins(INSIDE, AROUND, AROUND, AROUND)
        right.setSpacing(BETWEEN)
        right.addWidget(self.notice)
        right.addWidget(self.live, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(scroll)
        row.addLayout(right, 1)

    def _side_width(self) -> int:
        return round(_SIDE * (0.6 + 0.4 * self._theme.scale))

    def _widen(self) -> None:
        self._side.setFixedWidth(self._side_width())

    def _on_changed(self) -> None:
        state = self._model.state
        self._share.setText(f"{100 * state.done:.0f} %")
        self._left.setText(self._time_left())
        self._bar.setValue(round(1000 * state.done))
        self._tell_hold()
        self.stages.show_stages(state.stages, halted=not state.busy)
        self._tell_notice()
        self.heading_changed.emit()

    def _tell_hold(self) -> None:
        state = self._model.state
        paused = state.phase == "paused"
        words = "Resume" if paused else "Pause"
        self.hold.setText(words)
        self.hold.setAccessibleName(f"{words} the audit")
        self.hold.setVisible(state.phase in ("running", "paused"))
        self.hold.setEnabled(paused or state.can_pause)
        self._keeps.setText(_PAUSED if paused and state.frozen else _ENDING if paused else _KEEPS)
        self._keeps.setVisible(state.phase in ("running", "paused"))

    def _on_hold(self) -> None:
        if self._model.state.phase == "paused":
            self._model.go_on()
        else:
            self._model.pause()

    def _time_left(self) -> str:
        state = self._model.state
        if state.phase == "paused":
            return f"Paused after {clock(state.elapsed)}"
        if state.phase == "running" and not state.stages:
            if state.checking:
                return "Begins when the encoder's checks are done…"
            return "Waiting for the engine…" if state.engine != "ready" else "Starting…"
        if state.phase == "running" and state.remaining is not None:
            return f"{clock(state.remaining)} left, {clock(state.elapsed)} so far"
        return f"{clock(state.elapsed)} so far" if state.busy else f"Stopped after {clock(state.elapsed)}"

    def _tell_notice(self) -> None:
        state = self._model.state
        if state.phase == "failed" and state.error is not None:
            self.notice.tell(notice_of(state.error, resumable=True))
        elif state.phase == "cancelled":
            sentence = "You cancelled this audit. What was done is kept."
            advice = "Resume goes on from the last finished job."
            self.notice.tell(NoticeText(sentence=sentence, advice=advice, remedy="resume", button="Resume"))
        else:
            self.notice.hide()
