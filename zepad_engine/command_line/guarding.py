"""From what may go wrong to an exit code and a sentence; a fault of ours goes to a log file, never to the terminal."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from zepad_engine import __version__
from zepad_engine.errors import AuditError, Cancelled

DONE, TROUBLE, STOPPED = 0, 1, 130


def guarded(work: Callable[[], int]) -> int:
    """Run ``work``; every way it can end becomes an exit code."""
    try:
        return work()
    except AuditError as trouble:
        # A fault inside a worker carries its own account, for the log only.
        detail = getattr(trouble, "detail", "")
        say(trouble.sentence, trouble.advice, f"What happened is written in {_log(detail)}." if detail else "")
        return TROUBLE
    except (Cancelled, KeyboardInterrupt):
        say("Stopped.")
        return STOPPED
    except ModuleNotFoundError as missing:
        if (missing.name or "zepad").startswith("zepad"):
            return _our_fault()
        say(f"The package {missing.name} is missing.", "`python main.py doctor` says how to install it.")
        return TROUBLE
    except BrokenPipeError:
        # The reader went away (``| head``); Python must not complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE
    except Exception:  # noqa: BLE001 - the last line of defence: whatever it is, it is ours
        return _our_fault()


def _our_fault() -> int:
    say("This is a fault of ZePAD, not of your files.", f"What happened is written in {_log(traceback.format_exc())}.")
    return TROUBLE


def say(*sentences: str) -> None:
    """Write to stderr, one sentence per line."""
    sys.stderr.write("".join(f"{sentence}\n" for sentence in sentences if sentence))
    sys.stderr.flush()


def _log(account: str) -> Path | str:
    from zepad_engine.places import logs_folder

    path = logs_folder() / f"fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    head = f"ZePAD {__version__}, Python {platform.python_version()}, {platform.system()}\n\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + account, encoding="utf-8")
    except OSError:
        return "no file: the folder for logs cannot be written"
    return path
