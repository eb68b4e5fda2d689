"""Work done in a forked child, so that a crash, a hang or a growth of memory is the child's alone."""

from __future__ import annotations

import ast
import faulthandler
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class ChildFault(AssertionError):
    """The child crashed, hung, or raised."""


def forked(work: Callable[[], T], seconds: float) -> T:
    """What ``work`` gives back in a child of this process: anything made of Python literals.

    Raises:
        ChildFault: it ended by a signal or an exception, or took longer than ``seconds``.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; the child starts none
        child = os.fork()
    if child == 0:
        _run_and_leave(work, writing)
    os.close(writing)
    try:
        content = _read_all(reading, time.monotonic() + seconds)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        raise ChildFault(f"nothing after {seconds:g} s") from None
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    if status:
        raise ChildFault(f"ended with status {status}: {content.decode(errors='replace')}")
    made: T = ast.literal_eval(content.decode())
    return made


def _run_and_leave(work: Callable[[], object], writing: int) -> None:
    faulthandler.disable()  # a crash that a test wants needs no stack
    status = 1
    try:
        content = repr(work()).encode()
        status = 0
    except BaseException as trouble:  # noqa: BLE001 - whatever it is, the parent must hear of it
        content = repr(trouble).encode()
    with os.fdopen(writing, "wb") as stream:
        stream.write(content)
    os._exit(status)


def _read_all(reading: int, until: float) -> bytes:
    content = b""
    while True:
        ready, _, _ = select.select([reading], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(reading, 1 << 20)
        if not part:
            return content
        content += part
