"""A word to someone who looks elsewhere: the task bar calls, and the system tells, when an audit has ended."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from zepad_app.audit_model import AuditModel
from zepad_app.estimate import clock
from zepad_app.state import Phase, State

_SHOWN_MS: Final = 10_000


class FinishNotice(QObject):
    """Watches the model; says nothing while the window is in front."""

    def __init__(self, model: AuditModel, window: QWidget) -> None:
        super().__init__(window)
        self._model = model
        self._window = window
        self._phase: Phase = model.state.phase
        self._tray: QSystemTrayIcon | None = None
        model.changed.connect(self._on_changed)

    def _on_changed(self) -> None:
        before, self._phase = self._phase, self._model.state.phase
        if before in ("running", "paused") and self._phase in ("done", "failed"):
            self.tell(*words_of(self._model.state))

    def tell(self, title: str, text: str) -> None:
        """Call for attention, unless the window has it."""
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if QSystemTrayIcon.isSystemTrayAvailable():
            if self._tray is None:
                self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
                self._tray.messageClicked.connect(self._window.activateWindow)
            self._tray.show()
            self._tray.showMessage(title, text, self._window.windowIcon(), _SHOWN_MS)


def words_of(state: State) -> tuple[str, str]:
    """What ended, in a title and a sentence."""
    if state.phase == "failed":
        return "The audit stopped", state.error.sentence if state.error is not None else ""
    verdict = state.report.summary.verdict if state.report is not None else ""
    return f"The audit is finished after {clock(state.elapsed)}", verdict
