"""What the audit model needs of an engine: the real process, or a fake one in tests."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from PySide6.QtCore import SignalInstance

from zepad_engine import messages, questions
from zepad_engine.bundle_words import BundleOpened
from zepad_engine.comparison import Compared
from zepad_engine.messages import Event, Request

Answer: TypeAlias = (
    messages.Inspected
    | questions.Answer
    | Compared
    | BundleOpened
    | messages.Exported
    | messages.Failed
    | messages.Finished
    | messages.Cancelled
)
News: TypeAlias = (
    messages.Started
    | messages.Progressed
    | messages.Paused
    | messages.Continued
    | messages.Measured
    | messages.Previewed
    | messages.Found
)


class EnginePort(Protocol):
    """An engine that takes requests and gives events."""

    @property
    def received(self) -> SignalInstance:
        """Emitted with each Event."""

    @property
    def starting(self) -> SignalInstance:
        """Emitted when an engine process begins to load."""

    @property
    def stopped(self) -> SignalInstance:
        """Emitted when no engine is left and none will start by itself."""

    def start(self) -> None:
        """Start an engine process if there is none."""

    def send(self, request: Request) -> None:
        """Send a request; exactly one terminal event answers it."""

    def close(self) -> None:
        """Let the engine go."""


def name_of(request: Request) -> str:
    """The id a terminal event must carry to answer ``request``."""
    if isinstance(request, messages.RunAudit | messages.Cancel | messages.Pause | messages.Continue):
        return request.run
    return request.request


def answered_by(event: Event) -> str | None:
    """The id of the request that ``event`` ends, or None if it ends none."""
    if isinstance(event, messages.Finished | messages.Cancelled):
        return event.run
    if isinstance(event, messages.Inspected | questions.Answer | Compared | BundleOpened):
        return event.request
    if isinstance(event, messages.Exported | messages.Failed):
        return event.request
    return None
