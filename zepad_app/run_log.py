"""What happened in a run, line by line with its time: told from the model's news, kept for the log view."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final

import msgspec
from PySide6.QtCore import QObject, Signal

from zepad_app.audit_model import AuditModel
from zepad_app.estimate import clock
from zepad_app.state import Phase, StageState
from zepad_engine import messages

# An audit tells some hundreds of lines; a runaway note must not fill the memory.
LONGEST: Final = 5000
# Jobs of a stage that take turns to tell how far they are: what one said is not said again when its turn comes back.
_AT_ONCE: Final = 64
_PHASES: Final[dict[Phase, str]] = {
    "cancelling": "Cancel asked for",
    "cancelled": "Cancelled; what was done is kept",
    "done": "Finished; the report is stored",
}


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened; ``stage`` is the name of its stage, or "" for the audit as a whole."""

    moment: datetime
    stage: str
    text: str

    def __str__(self) -> str:
        stage = f"{self.stage}: " if self.stage else ""
        return f"{self.moment:%H:%M:%S}  {stage}{self.text}"


class RunLog(QObject):
    """The lines of the run at hand; ``grown`` after each new one, ``cleared`` when another run begins."""

    grown = Signal(object)
    cleared = Signal()

    def __init__(self, model: AuditModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._run = ""
        self._phase: Phase = model.state.phase
        self._stages: dict[str, StageState] = {}
        self._notes: dict[str, deque[str]] = {}
        self.lines: list[LogLine] = []
        model.told.connect(self._on_told)
        model.changed.connect(self._on_changed)

    def _on_told(self, event: object) -> None:
        match event:
            case messages.Started():
                self._add("", f"Started in {event.folder}")
            case messages.Progressed():
                self._tell_stage(event)
            case messages.Paused():
                still = "running jobs stand still" if event.frozen else "running jobs end first"
                self._add("", f"Paused after {clock(self._model.state.elapsed)}; {still}")
            case messages.Continued():
                self._add("", "Goes on")
            case messages.Previewed():
                self._add("", f"Picture: {event.caption}")
            case messages.Found():
                tasks = ", ".join(dict.fromkeys(cell.task.removeprefix("sample:") for cell in event.cells))
                self._add("", f"{len(event.cells)} results of {tasks}")
            case _:
                pass

    def _tell_stage(self, event: messages.Progressed) -> None:
        stage = next((stage for stage in self._model.state.stages if stage.key == event.stage), None)
        if stage is None:
            return
        known = self._stages.get(stage.key)
        if stage.status == "current" and (known is None or known.status == "waiting"):
            self._add(stage.name, "begins")
        said = self._notes.setdefault(stage.key, deque(maxlen=_AT_ONCE))
        if event.note and event.note not in said:
            said.append(event.note)
            self._add(stage.name, event.note)
        if stage.status == "done" and (known is None or known.status != "done"):
            self._add(stage.name, f"done in {clock(stage.seconds)}" if stage.seconds else "done")
        self._stages[stage.key] = stage

    def _on_changed(self) -> None:
        state = self._model.state
        if state.run != self._run or (state.phase == "running" and self._phase in ("cancelled", "failed", "done")):
            self._begin(state.run)
        if state.phase != self._phase and self.lines:
            if state.phase in _PHASES:
                self._add("", _PHASES[state.phase])
            elif state.phase == "failed" and state.error is not None:
                self._add("", f"Failed: {state.error.sentence} {state.error.advice}".strip())
        self._phase = state.phase

    def _begin(self, run: str) -> None:
        self._run, self._stages, self._notes, self.lines = run, {}, {}, []
        self.cleared.emit()

    def _add(self, stage: str, text: str) -> None:
        line = LogLine(moment=datetime.now().astimezone(), stage=stage, text=text)
        self.lines.append(line)
        del self.lines[:-LONGEST]
        self.grown.emit(line)
