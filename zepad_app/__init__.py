"""The ZePAD window: Qt, never torch; it asks the engine process for everything that is computed."""

from __future__ import annotations

from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Open the window and stay until it closes; returns the exit code."""
    from zepad_app.app import run as run_app

    return run_app(argv)
