"""A worker process: takes orders on stdin, answers on stdout, one at a time, until stdin closes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

import msgspec

from zepad_engine.errors import AuditError
from zepad_engine.jobs.context import Context, Function
from zepad_engine.jobs.freezing import follow_director
from zepad_engine.jobs.job import DESCRIBES, OUT_OF_MEMORY, POLITE, Broken, Done, Order
from zepad_engine.working_time import WORKING

_NICE: Final = 10


def main() -> int:
    """Serve orders until the director is gone."""
    # Ctrl+C in a terminal reaches the whole group; the director decides, and ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # On Windows the pool starts it with a lower priority instead.
    if POLITE in sys.argv and hasattr(os, "nice"):
        os.nice(_NICE)
    follow_director(_leave)
    wire = _take_stdout()
    if DESCRIBES not in sys.argv:
        _warm_up()
    orders = msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        order = orders.decode(line)
        _serve(order, _function(order.job.kind), wire)
        _warm_up()
    return 0


def _function(kind: str) -> Function:
    if kind == "describe":
        # It needs few rooms of the engine, and a window that opens waits for its answer.
        from zepad_engine.jobs.describing import describe_engine

        return describe_engine
    return _functions()[kind]


def _warm_up() -> None:
    """Load what the next order may need while nobody waits for it: under a window that is captum too, 0.7 s."""
    _functions()
    if POLITE in sys.argv:
        importlib.import_module("captum.attr")


def _functions() -> Mapping[str, Function]:
    """The table, loaded before it is asked for: a waiting worker is a warm one."""
    from zepad_engine.jobs.table import FUNCTIONS

    return FUNCTIONS


def _leave() -> None:
    """End, whatever the job is at; on Windows a worker ends at the next line that cannot be written."""
    os._exit(1)


def _take_stdout() -> BinaryIO:
    """Keep the wire for ourselves: whatever a library prints goes to stderr."""
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _serve(order: Order, function: Function, wire: BinaryIO) -> None:
    started = WORKING.seconds()
    context = Context(order, wire)
    try:
        outcome = _with_notices(function(context), (*context.notices, *order.notices))
        seconds = WORKING.seconds() - started
        context.keep(outcome, seconds)
        context.send(Done(key=order.job.key, outcome=outcome, seconds=seconds))
    except AuditError as trouble:
        context.send(_refused(order, trouble))
    except MemoryError:
        context.send(_out_of_memory(order))
    except Exception as fault:  # noqa: BLE001 - a fault of ours must reach the window, whatever it is
        context.send(_out_of_memory(order) if _is_allocation(fault) else _fault(order))


def _refused(order: Order, trouble: AuditError) -> Broken:
    return Broken(
        key=order.job.key,
        code=trouble.code,
        sentence=trouble.sentence,
        advice=trouble.advice,
        choices=trouble.choices,
    )


def _with_notices(outcome: dict[str, Any], notices: tuple[str, ...]) -> dict[str, Any]:
    return {**outcome, "notices": list(dict.fromkeys(notices))} if notices else outcome


def _is_allocation(fault: Exception) -> bool:
    # torch's own kind for a GPU; on a processor it raises a plain RuntimeError that only its text tells apart.
    return type(fault).__name__ == "OutOfMemoryError" or "DefaultCPUAllocator" in str(fault)


def _out_of_memory(order: Order) -> Broken:
    advice = "Use fewer workers, fewer images or a smaller batch."
    return _broken(order, OUT_OF_MEMORY, "There was not enough memory.", advice)


def _fault(order: Order) -> Broken:
    return _broken(order, "engine.fault", f"ZePAD made a mistake in the job {order.job.key}.", "Please report it.")


def _broken(order: Order, code: str, sentence: str, advice: str) -> Broken:
    return Broken(key=order.job.key, code=code, sentence=sentence, advice=advice, detail=traceback.format_exc(limit=20))


if __name__ == "__main__":
    sys.exit(main())
