"""Half an hour of inspecting in the real window with the real engine, at the pace of a person: memory as it goes.

``python -m tests.bench.soak FOLDER`` walks through the test images of a finished run: every 1.5 s the next picture, a
perturbation on it, or another place of its slider; tab after tab, so that maps and neighbours are asked for too, and
now and then another page and back.
Prints JSON lines: memory of the window and of all its engine's processes every five minutes, and at the end what was
done. Memory is what only that process holds and its share of what it does not (PSS), in MB.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.bench.window_inside import _pause, _wait_until, tell

PACE: Final = 1.5
MINUTES: Final = 30.0
EVERY_MINUTES: Final = 5.0
# Pages a user looks at between two pictures; the plots of some are made anew each time.
_ELSEWHERE: Final = ("results", "history", "drop")


def main() -> None:
    """Open, inspect, tell."""
    wishes = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    wishes.add_argument("folder", type=Path, help="a finished run; its folder is written into")
    wishes.add_argument("--minutes", type=float, default=MINUTES)
    wishes.add_argument("--every", type=float, default=EVERY_MINUTES, help="minutes between two lines")
    wish = wishes.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from zepad_app.app import build
    from zepad_app.preloading import preload

    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    made = build()
    preload()
    made.window.resize(1280, 800)
    made.window.show()
    made.model.start_engine()
    _wait_until(lambda: made.model.state.ready is not None)
    inspect(made, wish.folder.resolve(), 60 * wish.minutes, 60 * wish.every)
    made.window.close()
    made.engine.close()


def inspect(made: Any, folder: Path, seconds: float, every: float) -> None:
    """Inspect for so long, and tell of it every ``every`` seconds."""
    if not made.model.load_run(folder):
        raise SystemExit(f"{folder} is no finished run.")
    made.window.show_page("inspect")
    page = made.window.pages.page("inspect")
    page.gallery.show_test_images()
    _wait_until(lambda: page.judged is not None)
    _warm(page)
    done: Counter[str] = Counter()
    for signal, name in (
        (made.model.judged, "judged"),
        (made.model.explained, "explained"),
        (made.model.neighboured, "placed"),
        (made.model.sifted, "sifted"),
        (made.model.failed, "failed"),
    ):
        signal.connect(lambda _answer, name=name: done.update([name]))
    began = last = time.monotonic()
    _tell_memory(0.0, done)
    for act in _acts(made, page, random.Random(0)):
        done.update([act])
        _pause(PACE)
        now = time.monotonic()
        if now - last >= every:
            last = now
            _tell_memory(now - began, done)
        if now - began >= seconds:
            break
    _wait_until(lambda: page.inquiry.queue.flying is None)
    _tell_memory(time.monotonic() - began, done)


def _warm(page: Any) -> None:
    """Every task and every tab once: what stays loaded for each is no growth."""
    for task in range(page.gallery.task.count()):
        page.gallery.task.setCurrentIndex(task)
        for tab in range(page.bench.tabs.count()):
            page.bench.tabs.setCurrentIndex(tab)
            _pause(2 * PACE)
            _wait_until(lambda: page.inquiry.queue.flying is None)
    page.gallery.task.setCurrentIndex(0)


def _acts(made: Any, page: Any, draw: random.Random) -> Iterator[str]:
    """What a person does, without end; each name is yielded once it is done."""
    bench = page.bench
    for turn in itertools.count(1):
        _next_picture(page)
        yield "pictures"
        bench.tabs.setCurrentIndex(turn % bench.tabs.count())
        if turn % 2:
            page.attack.picker.setCurrentIndex(draw.randrange(page.attack.picker.count()))
            page.attack.on.setChecked(True)
            yield "attacked"
            page.attack.amount.setValue(draw.randint(0, page.attack.amount.maximum()))
            yield "moved"
        else:
            page.attack.on.setChecked(False)
        if turn % 10 == 0:
            made.window.show_page(_ELSEWHERE[turn // 10 % len(_ELSEWHERE)])
            yield "elsewhere"
            made.window.show_page("inspect")


def _next_picture(page: Any) -> None:
    strip, task = page.strip, page.gallery.task
    if strip.film.place_of(strip.image) + 1 < strip.film.rowCount():
        strip.step(1)
    else:
        # The test images of the next task, from the first.
        task.setCurrentIndex((task.currentIndex() + 1) % task.count())


def _tell_memory(seconds: float, done: Counter[str]) -> None:
    engine = [_pss(pid) for pid in _descendants(os.getpid())]
    tell("memory", minutes=seconds / 60, window=_pss(os.getpid()), engine=sum(engine), processes=len(engine), done=done)


def _pss(pid: int) -> float:
    """MB of a process (Linux); 0 for one that has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:")), 0.0)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


if __name__ == "__main__":
    main()
