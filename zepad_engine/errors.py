"""What can go wrong, in sentences a user can act on.

AuditError            the user can do something about it; carries a stable ``code``, a sentence and an advice
├── BadInput          a file, folder or value that cannot be used
│   ├── BadCheckpoint an encoder file that cannot be opened
│   ├── BadImage      a picture that cannot be read
│   └── BadPlan       a plan that contradicts itself
├── NoSpace           the disk refused a write; earlier results are whole
└── EngineTrouble     the engine or one of its workers died
Cancelled             the user asked to stop; never shown as an error
"""

from __future__ import annotations


class Cancelled(Exception):
    """Raised inside long work once the user has asked to stop."""


class AuditError(Exception):
    """A trouble the user can do something about."""

    code = "audit.trouble"

    def __init__(self, sentence: str, advice: str = "", *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


class BadInput(AuditError):
    """A file, folder or value that cannot be used."""

    code = "input.bad"


class BadCheckpoint(BadInput):
    """An encoder file that cannot be opened."""

    code = "encoder.bad"


class BadImage(BadInput):
    """A picture that cannot be read."""

    code = "image.bad"


class BadPlan(BadInput):
    """A plan that contradicts itself or asks for something that is not there."""

    code = "plan.bad"


class NoSpace(AuditError):
    """The disk refused a write; what was stored before is whole."""

    code = "disk.full"


class EngineTrouble(AuditError):
    """The engine or one of its workers died; the run can be resumed."""

    code = "engine.died"
