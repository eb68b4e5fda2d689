"""The status strip in words: what computes, and what it computes."""

from __future__ import annotations

from zepad_app.estimate import clock
from zepad_app.state import State


def engine_words(state: State) -> str:
    """The engine's state, its device by name and its workers."""
    ready = state.ready
    if state.engine == "stopped":
        return "Engine stopped"
    if state.engine == "starting" or ready is None:
        return "Engine starting"
    workers = "1 worker" if ready.workers == 1 else f"{ready.workers} workers"
    return f"Engine ready · {ready.device} · {workers}"


def work_words(state: State) -> str:
    """What runs, and for how long still."""
    if state.phase == "cancelling":
        return "Cancelling"
    if state.phase != "running":
        if state.inspecting:
            return "Opening an encoder"
        return "Checking an encoder" if state.checking else "Nothing running"
    left = f" · {clock(state.remaining)} left" if state.remaining is not None else ""
    return f"1 audit running · {100 * state.done:.0f} %{left}"
