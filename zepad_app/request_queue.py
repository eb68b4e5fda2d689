"""One request at a time: the others wait until the engine has answered."""

from __future__ import annotations

from collections import deque

from zepad_app.engine_port import EnginePort, name_of
from zepad_engine.messages import Inspect, Request
from zepad_engine.questions import ExplainImage, FindNeighbours, JudgeImage, SiftImages


class RequestQueue:
    """Requests in the order they were made; ``flying`` is the id of the one the engine works on."""

    def __init__(self, engine: EnginePort) -> None:
        self._engine = engine
        self._waiting: deque[Request] = deque()
        self._open = False
        self.flying: str | None = None

    def push(self, request: Request) -> None:
        """Send a request, or let it wait; a picture or an encoder replaces one of its kind that still waits."""
        if isinstance(request, JudgeImage | ExplainImage | FindNeighbours | SiftImages | Inspect):
            self._waiting = deque(kept for kept in self._waiting if type(kept) is not type(request))
        self._waiting.append(request)
        self._send_next()

    def open(self) -> None:
        """The engine takes requests from now on."""
        self._open = True
        self._send_next()

    def shut(self) -> None:
        """The engine takes no requests for now."""
        self._open = False

    def answered(self) -> None:
        """The engine has answered and is free for the next one."""
        self.flying = None
        self._send_next()

    def clear(self) -> None:
        """Drop what waits."""
        self._waiting.clear()

    def _send_next(self) -> None:
        if self._open and self.flying is None and self._waiting:
            request = self._waiting.popleft()
            self.flying = name_of(request)
            self._engine.send(request)
