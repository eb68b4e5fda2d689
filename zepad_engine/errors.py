"""What can go wrong, in sentences a user can act on.

AuditError            the user can do something about it; carries a stable ``code``, a sentence and an advice
├── BadInput          a file, folder or value that cannot be used
│   ├── BadCheckpoint an encoder file that is refused
│   │   └── CannotJudge one that may be sound: several encoders in it, a missing package, no answer in time
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
    """A trouble the user can do something about; ``choices`` are what to choose from, where that is what is needed."""

    code = "audit.trouble"
    choices: tuple[str, ...] = ()

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
    """An encoder file that is refused."""

    code = "encoder.bad"


class CannotJudge(BadCheckpoint):
    """An encoder file that may be sound; where it holds several encoders, ``choices`` names them."""

    code = "encoder.unjudged"

    def __init__(
        self, sentence: str, advice: str = "", *, code: str | None = None, choices: tuple[str, ...] = ()
    ) -> None:
        super().__init__(sentence, advice, code=code)
        self.choices = choices


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
