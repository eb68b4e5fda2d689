"""The only file that knows the engine is a process: JSON lines over stdin and stdout; ask, wait, kill."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from zepad_app.engine_port import answered_by, name_of
from zepad_engine import messages
from zepad_engine.messages import Event, Request

GRACE_MS: Final = 2500
CLOSE_MS: Final = 1500
_TAIL: Final = 8000
# An engine that dies this often without answering anything will not do better the next time.
_DEATHS: Final = 3


def engine_command() -> tuple[str, ...]:
    """The command line of the engine."""
    return (sys.executable, "-m", "zepad_engine.worker")


class EngineClient(QObject):
    """An engine process that is started again whenever it dies; a dead one still ends its request."""

    received = Signal(object)
    starting = Signal()
    stopped = Signal()

    def __init__(self, command: Sequence[str] = (), grace_ms: int = GRACE_MS, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = tuple(command) or engine_command()
        self._process: QProcess | None = None
        self._request: Request | None = None
        self._cancelling = False
        self._was_ready = False
        self._closing = False
        self._deaths = 0
        self._tail = ""
        self._grace = QTimer(self, singleShot=True, interval=grace_ms)
        self._grace.timeout.connect(self._on_grace_over)

    @property
    def process_id(self) -> int:
        """The engine's process id, 0 if there is none."""
        return self._process.processId() if self._process is not None else 0

    def start(self) -> None:
        """Start an engine process if there is none."""
        if self._process is None and not self._closing:
            self._deaths = 0
            self._launch()

    def send(self, request: Request) -> None:
        """Send a request; one terminal event answers it, from the engine or, if that dies, from here."""
        if isinstance(request, messages.Cancel):
            self._cancelling = True
            self._grace.start()
        elif not isinstance(request, messages.Pause | messages.Continue):
            self._request = request
            self._cancelling = False
        if self._process is None:
            self._answer_for_the_dead()
            return
        self._process.write(messages.encode(request))

    def close(self) -> None:
        """Close the engine's stdin, at which it leaves; kill it if it does not."""
        self._closing = True
        self._grace.stop()
        if self._process is None:
            return
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(CLOSE_MS):
            self._process.kill()
            self._process.waitForFinished(CLOSE_MS)

    def _launch(self) -> None:
        process = QProcess(self)
        self._employ(process)
        self.starting.emit()
        process.start(self._command[0], list(self._command[1:]))

    def _employ(self, process: QProcess) -> None:
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_error_output)
        process.finished.connect(self._on_ended)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._was_ready = False
        self._tail = ""

    def _on_output(self) -> None:
        while self._process is not None and self._process.canReadLine():
            self._take_line(bytes(self._process.readLine().data()))

    def _take_line(self, line: bytes) -> None:
        try:
            event = messages.decode_event(line)
        except msgspec.DecodeError:
            self._remember("not a message: " + line.decode("utf-8", "replace"))
            return
        if isinstance(event, messages.Ready):
            self._was_ready = event.protocol == messages.PROTOCOL_VERSION
            if not self._was_ready:
                self._remember(f"the engine speaks protocol {event.protocol}, the window {messages.PROTOCOL_VERSION}")
                self._kill()
                return
        self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        if self._request is not None and answered_by(event) == name_of(self._request):
            self._request = None
            self._cancelling = False
            self._deaths = 0
            self._grace.stop()
        self.received.emit(event)

    def _on_error_output(self) -> None:
        if self._process is not None:
            self._remember(bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace"))

    def _remember(self, text: str) -> None:
        self._tail = (self._tail + text)[-_TAIL:]

    def _on_grace_over(self) -> None:
        if self._request is not None and self._cancelling:
            self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._remember(f"{self._command[0]} could not be started")
            self._on_ended()

    def _on_ended(self) -> None:
        process = self._process
        if process is None:
            return
        self._on_output()
        self._on_error_output()
        self._process = None
        process.deleteLater()
        self._grace.stop()
        if self._closing:
            return
        self._deaths += 0 if self._cancelling else 1
        tail, again = self._tail, self._was_ready and self._deaths < _DEATHS
        if again:
            self._launch()
        else:
            self.stopped.emit()
        self._tail = tail if not again else ""
        self._answer_for_the_dead(tail, restarted=again)

    def _answer_for_the_dead(self, tail: str = "", *, restarted: bool = False) -> None:
        request, self._request = self._request, None
        if isinstance(request, messages.RunAudit) and self._cancelling:
            event: Event = messages.Cancelled(run=request.run, folder=request.folder)
        elif request is not None:
            event = _died(name_of(request), tail, is_run=isinstance(request, messages.RunAudit))
        elif not restarted:
            event = _died("", tail, is_run=False)
        else:
            return
        self._cancelling = False
        self.received.emit(event)


def _died(name: str, tail: str, *, is_run: bool) -> messages.Failed:
    sentence = "The engine stopped unexpectedly." if name else "The engine could not be started."
    advice = "Resume the audit: what was stored is whole." if is_run else "Start the engine again."
    return messages.Failed(request=name, code="engine.died", sentence=sentence, advice=advice, detail=tail.strip())
