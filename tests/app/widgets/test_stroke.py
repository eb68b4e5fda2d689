"""A line of a plot is as thick as it is meant, whatever the density of what it is drawn on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from pytestqt.qtbot import QtBot

from zepad_app.widgets.plot_area import PlotArea
from zepad_app.widgets.stroke import Stroke

_WIDTH, _HEIGHT = 100, 60


def thickness(plot: PlotArea, ratio: int) -> float:
    """Of the one line, in logical pixels: the ink in a column of a picture of this density."""
    picture = QImage(_WIDTH * ratio, _HEIGHT * ratio, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    plot.render(painter, QRectF(0, 0, _WIDTH, _HEIGHT), plot.viewport().rect())
    painter.end()
    column = [picture.pixelColor(_WIDTH * ratio // 2, y) for y in range(picture.height())]
    return sum(255 - QColor(colour).lightness() for colour in column) / 255 / ratio


@pytest.mark.parametrize("width", [2.0, 1.2])
def test_a_line_keeps_its_thickness_at_twice_the_density(width: float, qtbot: QtBot) -> None:
    plot = PlotArea()
    qtbot.addWidget(plot)
    plot.resize(_WIDTH, _HEIGHT)
    plot.setBackground("w")
    for side in plot.sides:
        plot.axis(side).hide()
    pen = QPen(QColor("black"), width)
    pen.setCosmetic(True)
    plot.add(Stroke(x=[0, 1], y=[0, 0], pen=pen, antialias=True))
    plot.show()
    assert [thickness(plot, ratio) for ratio in (1, 2)] == pytest.approx([width, width], abs=0.2)
