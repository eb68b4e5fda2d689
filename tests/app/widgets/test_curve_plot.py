from __future__ import annotations

import re
import time

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from zepad_app.theme import Theme
from zepad_app.tokens import MARKERS
from zepad_app.widgets.curve import Series
from zepad_app.widgets.curve_plot import CurvePlot
from zepad_app.widgets.curve_store import CurveStore
from zepad_app.widgets.figure_menu import drawing_of

KEY = Series(key="tuned_victim/total", name="Victim, tuned", meaning="victim")


@pytest.fixture
def plot(qtbot: QtBot, theme: Theme) -> CurvePlot:
    made = CurvePlot(theme, "Loss", "optimiser step")
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


def test_store_takes_only_what_is_new_and_starts_anew_on_less() -> None:
    store = CurveStore()
    points = [(float(step), step * 2.0) for step in range(1000)]
    assert store.follow(points)
    assert not store.follow(points)
    points.append((1000.0, -1.0))
    assert store.follow(points)
    assert (len(store), store.values[-1]) == (1001, -1.0)
    store.follow(points[:3])
    assert store.steps.tolist() == [0.0, 1.0, 2.0]


def test_smoothing_keeps_a_constant_and_calms_a_zigzag() -> None:
    store = CurveStore()
    store.follow([(float(step), 3.0) for step in range(400)])
    assert np.allclose(store.smoothed(np.arange(400), 0.03), 3.0)
    store = CurveStore()
    store.follow([(float(step), float(step % 2)) for step in range(400)])
    assert store.smoothed(np.arange(20, 380), 0.03).std() < 0.1 * store.values.std()
    # A mean of 13 points: seven zeros and six ones, or the reverse; at the ends of fewer.
    assert store.window(0.03) == 13
    assert store.smoothed(np.array([0, 100, 399]), 0.03).tolist() == pytest.approx([3 / 7, 6 / 13, 4 / 7])


def test_the_envelope_keeps_every_extreme_and_grows_as_it_would_at_once() -> None:
    rng = np.random.default_rng(0)
    points = [(float(step), float(value)) for step, value in enumerate(rng.normal(size=5000))]
    store, whole = CurveStore(), CurveStore()
    for end in (10, 300, 1000, 2600, 4999, 5000):
        store.follow(points[:end])
        steps, values = store.envelope(100)
        assert len(steps) == len(values) <= 2 * 100 + 64
        assert (np.diff(steps) > 0).all()
        assert (values.min(), values.max()) == (store.values.min(), store.values.max())
    whole.follow(points)
    assert all((one == other).all() for one, other in zip(store.envelope(100), whole.envelope(100), strict=True))


def test_many_events_make_few_redraws(plot: CurvePlot, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    points: dict[str, list[tuple[float, float]]] = {KEY.key: []}
    plot.follow(lambda: points)
    plot.show_series((KEY,))
    drawn = []
    plot._timer.timeout.disconnect()
    plot._timer.timeout.connect(lambda: drawn.append(time.monotonic()))
    begun = time.monotonic()
    while time.monotonic() - begun < 0.5:
        points[KEY.key].append((float(len(points[KEY.key])), 1.0))
        plot.grow()
        qtbot.wait(2)
    # At most ten a second however often it grows; a loaded machine may draw fewer, never more.
    assert 1 <= len(drawn) <= 10 * (time.monotonic() - begun) + 1


def test_a_hundred_thousand_points_are_drawn_quickly_and_told(plot: CurvePlot) -> None:
    points = {KEY.key: [(float(step), 1 / (1 + step)) for step in range(100_000)]}
    plot.follow(lambda: points)
    plot.show_series((KEY,))
    points[KEY.key].append((100_000.0, 0.25))
    begun = time.thread_time()
    plot.redraw()
    plot.grab()
    assert time.thread_time() - begun < 1.0
    assert plot.summary() == "Loss: Victim, tuned 0.25, from 1."
    assert plot.accessibleDescription() == plot.summary()


def test_the_raw_line_stays_when_smoothed(plot: CurvePlot) -> None:
    points = {KEY.key: [(float(step), float(step % 3)) for step in range(300)]}
    plot.follow(lambda: points)
    plot.show_series((KEY,))
    plot.smooth(0.03)
    curve = plot._curves[KEY.key]
    assert curve.raw.isVisible()
    assert curve.smooth.isVisible()
    assert curve.raw.getData()[1].tolist() == [float(step % 3) for step in range(300)]
    plot.smooth(0.0)
    assert curve.raw.isVisible()
    assert not curve.smooth.isVisible()


def test_a_live_plot_can_be_taken_away(theme: Theme, qtbot: QtBot) -> None:
    plot = CurvePlot(theme, "Losses", "step")
    qtbot.addWidget(plot)
    plot.follow(lambda: {"total": [(1.0, 2.5), (2.0, 1.25)]})
    plot.show_series((Series(key="total", name="Total", meaning="victim"),))
    plot.resize(320, 240)
    assert plot.figures() == [["curve", "step", "value"], ["Total", 1.0, 2.5], ["Total", 2.0, 1.25]]
    drawing = drawing_of(plot, theme.tokens.surface).decode()
    assert "Losses" in drawing
    # The curve is a line, not a picture of one.
    assert "<polyline" in drawing or "<path" in drawing


def test_a_plot_is_made_of_little_until_there_is_something_to_draw(theme: Theme, qtbot: QtBot) -> None:
    before = set(QApplication.allWidgets())
    plot = CurvePlot(theme, "Loss", "optimiser step")
    qtbot.addWidget(plot)
    plot.show_series((KEY,))
    made = set(QApplication.allWidgets()) - before
    # The card, its heading, key, plot and viewport with scroll bars; no forms and menus for what no page offers.
    assert len(made) <= 16
    assert plot.plot.drawn == []
    points = {KEY.key: [(0.0, 1.0), (1.0, 0.5)]}
    plot.follow(lambda: points)
    plot.redraw()
    assert len(plot.plot.drawn) == 3
    points.clear()
    plot.redraw()
    assert plot.plot.drawn == []


def test_words_at_the_axes_are_not_drawn_anew_with_every_point(
    plot: CurvePlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {KEY.key: [(float(step), float(step % 7)) for step in range(1000)]}
    plot.follow(lambda: points)
    plot.show_series((KEY,))
    plot.grab()
    painted: list[str] = []
    paint = pg.AxisItem.paint
    monkeypatch.setattr(
        pg.AxisItem, "paint", lambda axis, *args: (painted.append(axis.orientation), paint(axis, *args))
    )
    for step in range(1000, 1010):
        points[KEY.key].append((float(step), 3.0))
        plot.redraw()
        plot.grab()
    assert painted == []
    # Out of room: 2 % of the steps.
    points[KEY.key].extend((float(step), 3.0) for step in range(1010, 1030))
    plot.redraw()
    plot.grab()
    assert "bottom" in painted
    assert plot.plot.box.viewRange()[0][1] > 1029
    # As vectors they are words again, not a picture of words: the markers are the only pictures.
    assert all(
        int(width) < 20 for width in re.findall(r'<image[^>]* width="(\d+)', drawing_of(plot, "#ffffff").decode())
    )


def test_a_key_is_the_line_one_sees(plot: CurvePlot) -> None:
    benign = Series(key="benign/total", name="Benign", meaning="benign")
    points = {benign.key: [(float(step), 1.0) for step in range(30)]}
    plot.follow(lambda: points)
    plot.show_series((benign,))

    def key() -> tuple[Qt.PenStyle, str, bool]:
        (shown,) = plot._legend._keys
        return shown.pen().style(), shown.symbol, shown.lined

    marker = MARKERS["benign"]
    assert key() == (Qt.PenStyle.CustomDashLine, marker, True)
    points[benign.key] += [(float(step), 1.0) for step in range(30, 300)]
    plot.redraw()
    assert key() == (Qt.PenStyle.SolidLine, marker, True)
    assert plot._curves[benign.key].raw.opts["pen"].style() == Qt.PenStyle.SolidLine
    plot.smooth(0.03)
    assert key() == (Qt.PenStyle.CustomDashLine, marker, True)
