"""One real engine process for several windows in turn, so that torch is loaded once and not for each of them."""

from __future__ import annotations

from PySide6.QtCore import QProcess

from zepad_app.engine_client import CLOSE_MS, EngineClient
from zepad_engine.messages import Event, Ready


class Lender:
    """Keeps an engine process between two windows, and what it said when it was ready."""

    def __init__(self) -> None:
        self.ready: Ready | None = None
        self._kept: QProcess | None = None

    def keep(self, process: QProcess) -> None:
        self.end()
        self._kept = process

    def take(self) -> QProcess | None:
        """The engine kept, if it lives."""
        kept, self._kept = self._kept, None
        return kept if kept is not None and kept.state() == QProcess.ProcessState.Running else None

    def end(self) -> None:
        kept = self.take()
        if kept is not None:
            kept.closeWriteChannel()
            if not kept.waitForFinished(CLOSE_MS):
                kept.kill()
                kept.waitForFinished(CLOSE_MS)


class LentEngine(EngineClient):
    """The window's own client around the lender's engine, or one it starts where there is none.

    Let go while nothing is asked of it, the process goes back to the lender; busy or dead, it ends as ever.
    """

    def __init__(self, lender: Lender) -> None:
        super().__init__()
        self._lender = lender

    def close(self) -> None:
        process = self._process
        if process is None or self._request is not None or not self._was_ready:
            super().close()
            return
        self._closing, self._process = True, None
        self._grace.stop()
        for signal in (
            process.readyReadStandardOutput,
            process.readyReadStandardError,
            process.finished,
            process.errorOccurred,
        ):
            signal.disconnect()
        process.setParent(None)
        self._lender.keep(process)

    def _launch(self) -> None:
        process = self._lender.take()
        if process is None:
            super()._launch()
            return
        process.setParent(self)
        self._employ(process)
        self.starting.emit()
        assert self._lender.ready is not None
        self._was_ready = True
        self._pass_on(self._lender.ready)

    def _pass_on(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._lender.ready = event
        super()._pass_on(event)
