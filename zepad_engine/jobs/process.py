"""A worker process: takes orders on stdin, answers on stdout, one at a time, until stdin closes."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from typing import BinaryIO

import msgspec

from zepad_engine.errors import AuditError
from zepad_engine.jobs.context import Context, Function
from zepad_engine.jobs.job import Broken, Done, Order


def main() -> int:
    """Serve orders until the director is gone."""
    # Ctrl+C in a terminal reaches the whole group; the director decides, and ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wire = _take_stdout()
    # Loaded before the first order, so that a waiting worker is a warm one.
    from zepad_engine.jobs.table import FUNCTIONS

    orders = msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        order = orders.decode(line)
        _serve(order, FUNCTIONS[order.job.kind], wire)
    return 0


def _take_stdout() -> BinaryIO:
    """Keep the wire for ourselves: whatever a library prints goes to stderr."""
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _serve(order: Order, function: Function, wire: BinaryIO) -> None:
    started = time.monotonic()
    context = Context(order, wire)
    try:
        outcome = function(context)
        seconds = time.monotonic() - started
        context.keep(outcome, seconds)
        context.send(Done(key=order.job.key, outcome=outcome, seconds=seconds))
    except AuditError as trouble:
        context.send(Broken(key=order.job.key, code=trouble.code, sentence=trouble.sentence, advice=trouble.advice))
    except MemoryError:
        context.send(_broken(order, "engine.memory", "There was not enough memory.", "Use fewer workers or images."))
    except Exception:  # noqa: BLE001 - a fault of ours must reach the window, whatever it is
        context.send(
            _broken(order, "engine.fault", f"ZePAD made a mistake in the job {order.job.key}.", "Please report it.")
        )


def _broken(order: Order, code: str, sentence: str, advice: str) -> Broken:
    return Broken(key=order.job.key, code=code, sentence=sentence, advice=advice, detail=traceback.format_exc(limit=20))


if __name__ == "__main__":
    sys.exit(main())
