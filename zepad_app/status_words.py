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
    if state.phase == "paused":
        return f"1 audit paused · {100 * state.done:.0f} %"
    if state.phase != "running":
        if state.inspecting:
            return "Opening an encoder"
        return "Checking an encoder" if state.checking else "Nothing running"
    left = f" · {clock(state.remaining)} left" if state.remaining is not None else ""
    return f"1 audit running · {100 * state.done:.0f} %{left}"


def window_title(state: State) -> str:
    """What the task bar shows: how far a running audit is."""
    share = f"{100 * state.done:.0f} %"
    if state.phase == "paused":
        return f"{share}, paused - ZePAD"
    return f"{share} - ZePAD" if state.busy else "ZePAD"
