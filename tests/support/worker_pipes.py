"""Closes what a killed pool leaves open, so that no test pays for the pipes of another."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def closed_pipes() -> Iterator[None]:
    """Every process started inside is dead and its pipes are closed at the end; those of others go on."""
    others = set(threading.enumerate())
    started: list[subprocess.Popen[Any]] = []
    real = subprocess.Popen

    class Recorded(real):  # type: ignore[misc,valid-type]
        """A process we will remember."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)

    subprocess.Popen = Recorded  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = real  # type: ignore[misc]
        for process in started:
            process.kill()
            process.wait()
        # Readers see the end of their pipe; closing it under them would be an error of its own.
        for thread in set(threading.enumerate()) - others:
            if thread.name.endswith(("(_read_lines)", "(_read_errors)")):
                thread.join(5)
        for process in started:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
