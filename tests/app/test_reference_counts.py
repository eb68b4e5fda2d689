"""Redrawing must not wear out Python's own objects: PySide 6.12.0 lost references to None and aborted."""

from __future__ import annotations

import sys

import pytest
from pytestqt.qtbot import QtBot

from zepad_app.theme import Theme
from zepad_app.widgets.curve import Series
from zepad_app.widgets.curve_plot import CurvePlot

REDRAWS = 200


def immortal() -> bool:
    """Whether this Python never counts references to None (3.12 on)."""
    before = sys.getrefcount(None)
    held = [None] * 1000
    return sys.getrefcount(None) - before < len(held)


@pytest.mark.parametrize("victim", [None, True])
def test_redraws_lose_no_references(qtbot: QtBot, theme: Theme, victim: object) -> None:
    plot = CurvePlot(theme, "Loss", "optimiser step")
    qtbot.addWidget(plot)
    points = {"a/total": [(float(step), float(step % 7)) for step in range(500)]}
    plot.follow(lambda: points)
    plot.show_series((Series(key="a/total", name="a", meaning="victim"),))
    plot.show()
    for _ in range(20):
        plot.redraw()
        plot.grab()
    before = sys.getrefcount(victim)
    for _ in range(REDRAWS):
        points["a/total"].append((float(len(points["a/total"])), 1.0))
        plot.redraw()
        plot.grab()
    lost = before - sys.getrefcount(victim)
    if immortal():
        assert lost == 0, "the count of an immortal object never moves"
    else:
        assert lost < REDRAWS / 2, f"{lost} references to {victim} lost in {REDRAWS} redraws"
