"""``python -m tests.bench.curves``: how long one redraw of the live loss plot takes with 100,000 points in each curve.

Three curves of noise grow by a point a time, as while an audit runs; a round is the redraw and the painting of the
whole card, on Qt's offscreen platform. The target is one frame of a 60 Hz screen.
"""

from __future__ import annotations

import math
import os
import random
import sys
import time
from statistics import median, quantiles

POINTS = 100_000
ROUNDS = 60
TARGET_MS = 16.0


def main() -> int:
    """Measure and print; 1 where the median misses the target."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    wall, processor = measure()
    sys.stdout.write(
        f"redraw of 3 curves of {POINTS:,} points, {ROUNDS} rounds: median {median(wall):.1f} ms, "
        f"p90 {quantiles(wall, n=10)[8]:.1f} ms; processor time {median(processor):.1f} ms; target {TARGET_MS:g} ms\n"
    )
    return int(median(wall) > TARGET_MS)


def measure() -> tuple[list[float], list[float]]:
    """Milliseconds of each redraw by the clock, and of this process alone."""
    from PySide6.QtWidgets import QApplication

    from zepad_app.theme import Theme
    from zepad_app.trainings import ZEPAD
    from zepad_app.widgets.curve import Series
    from zepad_app.widgets.curve_plot import CurvePlot

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme = Theme("light")
    theme.apply(app)
    noise = random.Random(0)
    points = {
        each.key: [(float(step), 2 * math.exp(-step / 2e4) + noise.gauss(0, 0.1)) for step in range(POINTS)]
        for each in ZEPAD
    }
    plot = CurvePlot(theme, "Loss", "optimiser step")
    theme.dress(plot)
    plot.resize(860, 320)
    plot.follow(lambda: points)
    plot.show_series(tuple(Series(key=each.key, name=each.name, meaning=each.meaning) for each in ZEPAD))
    plot.smooth(0.03)
    plot.show()
    app.processEvents()
    wall, processor = [], []
    for step in range(ROUNDS):
        for curve in points.values():
            curve.append((float(POINTS + step), noise.random()))
        began, used = time.perf_counter(), time.process_time()
        plot.redraw()
        plot.grab()
        wall.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
    return wall, processor


if __name__ == "__main__":
    sys.exit(main())
