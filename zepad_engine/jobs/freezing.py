"""Freezing a worker process where it stands, and letting it go on. Torch-free.

On Linux the system itself stops and continues the process, whatever it is at. A stopped process would outlive its
director, so each worker first asks the kernel to be killed with it. Elsewhere nothing can be frozen: a paused audit
then ends its running jobs and begins no others.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from zepad_engine.working_time import WORKING

CAN_FREEZE: Final = sys.platform == "linux"
_LOOK_SECONDS: Final = 0.5
# From linux/prctl.h.
_PR_SET_PDEATHSIG: Final = 1


def freeze(pid: int) -> None:
    """Stop a process of ours; one that has ended meanwhile is left to whoever reads its pipes."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def thaw(pid: int) -> None:
    """Let a stopped process go on."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def follow_director(leave: Callable[[], None]) -> None:
    """In a worker: ``leave`` soon after the director has ended; and keep the time we are frozen out of WORKING."""
    director = os.getppid()
    if sys.platform == "linux":
        # A stopped worker cannot look for its director; only SIGKILL reaches it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # Blocked in every thread, so that the one that waits for it below gets it. It wakes the process all the same.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
    threading.Thread(target=_look_after, args=(director, leave), daemon=True).start()


def _look_after(director: int, leave: Callable[[], None]) -> None:
    seen = time.monotonic()
    while os.getppid() == director:
        woken = _wait()
        now = time.monotonic()
        if woken:
            # Not by more than the half second between two looks too much.
            WORKING.leave_out(now - seen)
        seen = now
    leave()


def _wait() -> bool:
    """Wait half a second; whether we were let go on meanwhile."""
    if sys.platform != "linux":
        time.sleep(_LOOK_SECONDS)
        return False
    return signal.sigtimedwait({signal.SIGCONT}, _LOOK_SECONDS) is not None
