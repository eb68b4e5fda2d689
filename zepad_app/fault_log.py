"""A log file for each fault of our own, so that it can be reported after the window is closed; the newest are kept."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from zepad_engine import __version__
from zepad_engine.places import logs_folder

_KEPT: Final = 20


def write_fault(trace: str) -> Path | None:
    """Store a trace in the folder of logs; None where it cannot be written, for a log must not fail."""
    folder = logs_folder()
    path = folder / f"window-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"ZePAD {__version__}, {time.strftime('%Y-%m-%d %H:%M:%S')}\n{trace}\n")
    except OSError:
        return None
    for old in sorted(folder.glob("window-*.txt"))[:-_KEPT]:
        with suppress(OSError):
            old.unlink()
    return path
