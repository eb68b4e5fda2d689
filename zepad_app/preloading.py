"""Modules that the first click on a page would wait for: loaded behind the window once it has painted."""

from __future__ import annotations

import importlib
import threading
from typing import Final

# pyqtgraph and numpy first: every page with a plot needs them, and they take longest.
MODULES: Final = (
    "pyqtgraph",
    "zepad_app.pages.running",
    "zepad_app.pages.results",
    "zepad_app.pages.inspect",
    "zepad_app.pages.history",
    "zepad_app.pages.compare",
)


def preload() -> None:
    """Load them all, here and now."""
    for module in MODULES:
        importlib.import_module(module)


def preload_behind() -> threading.Thread:
    """Load them in a thread, so that the window goes on answering: loading alone makes no widget and no picture."""
    thread = threading.Thread(target=preload, name="preloading")
    thread.start()
    return thread
