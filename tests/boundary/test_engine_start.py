"""What the window hears when the engine cannot even begin."""

from __future__ import annotations

import io
import threading
import time

from zepad_engine.jobs.pool import JobFault
from zepad_engine.messages import Failed, decode_event
from zepad_engine.worker import Engine


class DeadPool:
    """A pool whose workers do not come up, as with a broken torch."""

    size = 1

    def start(self) -> None:
        return

    def run(self, _jobs, **_surroundings):
        raise JobFault("A worker process ended in the middle of describe.", "Start again.", "ImportError: libtorch")

    def kill(self) -> None:
        return


def test_a_start_that_fails_is_told():
    wire, gone = io.BytesIO(), threading.Event()

    class Requests(io.BytesIO):
        """A window that says nothing for a while."""

        def __iter__(self):
            gone.wait(1.0)
            return iter(())

    Engine(wire, DeadPool()).serve(Requests())
    deadline = time.monotonic() + 1
    while not wire.getvalue() and time.monotonic() < deadline:
        time.sleep(0.02)
    events = [decode_event(line) for line in wire.getvalue().splitlines()]
    assert [type(event) for event in events] == [Failed]
    assert events[0].code == "engine.died"


def test_a_line_that_is_not_utf_8_is_answered():
    wire = io.BytesIO()
    Engine(wire, DeadPool()).serve(io.BytesIO(b'{"type": "cancel", "run": "\xff"}\n'))
    assert b"engine.protocol" in wire.getvalue()
