"""What the window's benchmark runs in processes of their own: ``python -m tests.bench.window_inside WHAT``.

Each prints JSON lines; the moments in them are ``time.monotonic`` of this machine, so a parent can subtract its own.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

# Two real messages of an audit that tunes two encoders; a flood is made of them.
_STEPS = 4


def tell(what: str, **values: object) -> None:
    """One line for the parent."""
    sys.stdout.write(json.dumps({"what": what, "at": time.monotonic(), **values}) + "\n")
    sys.stdout.flush()


def start() -> None:
    """``main.py`` as a user starts it; tells its first paint and when the engine was ready, and closes the window."""
    import runpy

    import zepad_app.app

    real = zepad_app.app.build

    def build() -> Any:
        made = real()
        _tell_first_paint(made.window)
        made.model.changed.connect(lambda: _leave_when_ready(made))
        return made

    zepad_app.app.build = build
    sys.argv = ["main.py"]
    runpy.run_path("main.py", run_name="__main__")


def _tell_first_paint(window: Any) -> None:
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Watcher(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                # The next turn of the loop: by then everything is painted and flushed.
                QTimer.singleShot(0, lambda: tell("painted"))
            return False

    window.installEventFilter(Watcher(window))


def _leave_when_ready(made: Any) -> None:
    if made.model.state.ready is not None:
        made.model.changed.disconnect()
        tell("ready")
        made.window.close()


def gaps(seconds: float) -> None:
    """Gaps between ticks of a 10 ms timer in the real window, idle and while two encoders are being tuned."""
    from PySide6.QtWidgets import QApplication

    from zepad_app.app import build
    from zepad_engine.catalogue import Catalogue
    from zepad_engine.plan import AuditPlan, Choice
    from zepad_engine.presets import with_preset

    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    made = build()
    model = made.model
    made.window.show()
    model.start_engine()
    _wait_until(lambda: model.state.ready is not None)
    # As after the first paint of the app: loaded now, needed later.
    import pyqtgraph  # noqa: F401

    _pause(3.0)
    tell("idle", gaps=_ticks(seconds, lambda: True))
    model.start(with_preset(AuditPlan(attacks=(Choice(key="sign_noise"),)), "standard", Catalogue()))

    def tuning() -> bool:
        return model.state.phase == "running" and not any(
            stage.key == "tune" and stage.done >= 1 for stage in model.state.stages
        )

    both = ("tuned_victim/total", "tuned_auxiliary/total")
    _wait_until(lambda: all(series in model.curves for series in both) or model.state.phase == "failed")
    before = [len(model.curves[series]) for series in both]
    measured = _ticks(seconds, tuning)
    tell(
        "tuning",
        gaps=measured,
        steps=[len(model.curves[series]) - old for series, old in zip(both, before, strict=True)],
    )
    model.cancel()
    _wait_until(lambda: model.state.phase == "cancelled")
    made.window.close()
    made.engine.close()


def inspect(count: int) -> None:
    """``count`` pictures walked through one by one, each judged, explained and attacked; tells memory and gaps.

    The engine is one in this process that answers at once, so the memory told is at least the window's own.
    """
    import tempfile
    from pathlib import Path

    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QApplication

    from tests.support.gap_meter import GapMeter
    from tests.support.sample_answers import AnsweringEngine
    from tests.support.sample_judgement import write_pictures
    from tests.support.sample_report import sample_report
    from zepad_app.app import build
    from zepad_engine.findings import report_to_json
    from zepad_engine.questions import JudgeImage

    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_pictures(folder)
        (folder / "report.json").write_bytes(report_to_json(sample_report()))
        engine = AnsweringEngine(folder)
        made = build(engine)
        made.window.resize(1280, 800)
        made.window.show()
        made.model.start_engine()
        engine.be_ready()
        made.model.load_run(folder)
        made.window.show_page("inspect")
        page: Any = made.window.pages.page("inspect")
        page.gallery.strip.show_images([f"test:{number}" for number in range(count)])
        _pause(1.0)
        owner = QObject()
        meter = GapMeter(owner)
        tell("inspected", images=0, bytes=_resident())
        for number in range(count):
            page.gallery.strip.step(1)
            _pause(0.05)
            if (number + 1) % (count // 8) == 0:
                tell("inspected", images=number + 1, bytes=_resident())
        judged = sum(isinstance(request, JudgeImage) for request in engine.sent)
        tell("gaps", judged=judged, **meter.stop())
        made.window.close()


def _resident() -> int:
    """Bytes of this process in memory (Linux)."""
    import os
    from pathlib import Path

    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _ticks(seconds: float, going_on: Any) -> list[float]:
    """Milliseconds between ticks until the time is over or ``going_on`` is not."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    loop, found = QEventLoop(), []
    last = began = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        found.append(1000 * (now - last))
        last = now
        if now - began > seconds or not going_on():
            loop.quit()

    timer = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start()
    loop.exec()
    timer.stop()
    return found[1:]


def _pause(seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def _wait_until(true: Any, patience: float = 240.0) -> None:
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        _pause(0.05)


def take_in(count: int) -> None:
    """A flood of ``count`` messages through the window's own client; tells the seconds from the first to the last."""
    from PySide6.QtCore import QCoreApplication

    from zepad_app.engine_client import EngineClient
    from zepad_engine.messages import Ready

    application = QCoreApplication([])
    client = EngineClient((sys.executable, "-m", "tests.bench.window_inside", "shout", str(count)))
    moments: list[float] = []

    def received(event: object) -> None:
        if not isinstance(event, Ready):
            moments.append(time.perf_counter())
            if len(moments) == count:
                application.quit()

    client.received.connect(received)
    client.start()
    application.exec()
    tell("taken", seconds=moments[-1] - moments[0])
    client.close()


def take_in_bare(count: int) -> None:
    """The same flood through a loop over the pipe and the standard library's JSON, without Qt and without types."""
    import subprocess

    command = [sys.executable, "-m", "tests.bench.window_inside", "shout", str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        began, taken = 0.0, []
        for _ in range(count):
            taken.append(json.loads(process.stdout.readline()))
            began = began or time.perf_counter()
        tell("taken", seconds=time.perf_counter() - began)
        process.stdin.close()


def shout(count: int) -> None:
    """An engine that is ready and then says ``count`` things as fast as it can; ends with its stdin."""
    from tests.support.fake_engine import ready
    from zepad_engine.messages import Measured, Progressed, encode

    names = ("tuned_victim/total", "tuned_victim/cross_entropy", "tuned_victim/regularisation")
    points = {name: tuple((float(step), 0.123456789 * step) for step in range(_STEPS)) for name in names}
    note = "tuned victim: epoch 3 of 8"
    pair = encode(Measured(run="r", points=points)) + encode(
        Progressed(run="r", stage="tune", done=0.4, whole=0.3, elapsed=61.2, remaining=120.4, seconds=40.0, note=note)
    )
    sys.stdout.buffer.write(encode(ready()) + pair * (count // 2))
    sys.stdout.buffer.flush()
    sys.stdin.read()


def main() -> None:
    """Run what the command line names."""
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "start":
        start()
    elif what == "gaps":
        gaps(float(rest[0]))
    elif what == "inspect":
        inspect(int(rest[0]))
    else:
        {"take_in": take_in, "take_in_bare": take_in_bare, "shout": shout}[what](int(rest[0]))


if __name__ == "__main__":
    main()
