"""What went wrong, as a notice: a sentence, an advice, a button; and a net for faults of our own."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Literal, TypeAlias

import msgspec

from zepad_app.fault_log import write_fault
from zepad_engine.messages import Failed

Remedy: TypeAlias = Literal["resume", "open", "restart", "again", "copy", "stop", "none"]


class NoticeText(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice shows; ``detail`` is folded away, ``kind`` decides the frame."""

    kind: Literal["trouble", "done"] = "trouble"
    sentence: str
    advice: str
    detail: str = ""
    remedy: Remedy = "none"
    button: str = ""


_BUTTONS: dict[Remedy, str] = {
    "resume": "Resume",
    "open": "Choose another file",
    "restart": "Start the engine again",
    "again": "Try again",
    "copy": "Copy details",
    "stop": "Stop",
    "none": "",
}
_ABOUT_FILES = ("encoder.", "input.", "image.")


def notice_of(failure: Failed, *, resumable: bool = False) -> NoticeText:
    """The notice of a failure."""
    remedy = _remedy(failure, resumable)
    return NoticeText(
        sentence=failure.sentence,
        advice=failure.advice,
        detail=_detail(failure),
        remedy=remedy,
        button=_BUTTONS[remedy],
    )


def _detail(failure: Failed) -> str:
    """What is folded away: the code, by which a refusal of a file can be looked up, and the trace of a fault."""
    code = f"Code: {failure.code}" if failure.code.startswith(_ABOUT_FILES) else ""
    return "\n".join(line for line in (code, failure.detail) if line)


def _remedy(failure: Failed, resumable: bool) -> Remedy:
    if resumable:
        return "resume"
    if failure.code.startswith(_ABOUT_FILES):
        return "open"
    if failure.code == "engine.died":
        return "restart"
    return "copy" if failure.detail else "none"


def catch_our_faults(report: Callable[[Failed], None]) -> None:
    """Show any exception nobody expected with its trace folded below, store that in a log, and go on.

    A fault that repeats, in a timer or in painting, is stored and told once.
    """
    seen: set[str] = set()

    def hook(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, fault, trace)
            return
        detail = "".join(traceback.format_exception(kind, fault, trace))
        if detail in seen:
            return
        seen.add(detail)
        sys.stderr.write(detail)
        log = write_fault(detail)
        report(
            Failed(
                request="",
                code="window.fault",
                sentence="Something in the window went wrong; this is our fault.",
                advice="You can go on, and nothing that was stored is lost. Please report it with the details.",
                detail=f"{detail}\nAlso in {log}" if log else detail,
            )
        )

    sys.excepthook = hook
