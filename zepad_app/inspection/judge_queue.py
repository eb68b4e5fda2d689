"""Questions to the engine: a moment of quiet before one is sent, one in flight, and the newest wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

QUIET_MS: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to judge."""

    image: str
    task: str
    attack: str
    epsilon_255: float
    attribution: str


class JudgeQueue(QObject):
    """``send`` takes a question and gives the id its answer will carry."""

    busy_changed = Signal(bool)

    def __init__(self, send: Callable[[Question], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._wanted: Question | None = None
        self._flying = ""
        self._sending = False
        self._refused: set[str] = set()
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._send_wanted)

    @property
    def flying(self) -> str:
        """The id of the question in flight, or ""."""
        return self._flying

    def ask(self, question: Question) -> None:
        """Want an answer to this and to nothing asked before it."""
        self._wanted = question
        self._quiet.start()

    def owns(self, request: str) -> bool:
        """Whether an answer is for the question in flight, or for the one being sent right now."""
        return bool(request) and (request == self._flying or self._sending)

    def settle(self, request: str) -> None:
        """An answer has come: send what was asked meanwhile."""
        if self._sending:
            self._refused.add(request)
        elif request == self._flying:
            self._fly("")
            if not self._quiet.isActive():
                self._send_wanted()

    def forget(self) -> None:
        """Want nothing any more; a late answer is nobody's."""
        self._wanted = None
        self._quiet.stop()
        self._fly("")

    def _send_wanted(self) -> None:
        if self._wanted is None or self._flying:
            return
        question, self._wanted = self._wanted, None
        self._sending = True
        request = self._send(question)
        self._sending = False
        # An engine that is busy refuses before ``send`` returns: then nothing is in flight.
        self._fly("" if request in self._refused else request)
        self._refused.clear()

    def _fly(self, request: str) -> None:
        before, self._flying = bool(self._flying), request
        if before != bool(request):
            self.busy_changed.emit(bool(request))
