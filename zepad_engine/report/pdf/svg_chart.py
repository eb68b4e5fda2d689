"""The charts of the page, drawn on paper as vectors: the same SVG, read element by element.

Only what ``report/charts.py`` writes is known: polylines, texts and marks. Nothing else may come in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

from markupsafe import Markup
from reportlab.lib.colors import Color, white
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject
from reportlab.platypus import Flowable

from zepad_engine.report.pdf.lettering import spelled
from zepad_engine.report.pdf.paper import REGULAR, colours

_LINE_WIDTHS: Final = {"line": 1.6, "whisker": 1.2, "bar": 0.8, "goal": 1.6, "mark": 1.2}
_SLIM: Final = {"grid", "axis"}
_ROLES: Final = {"victim", "auxiliary", "benign", "adversarial", "undefended", "fused"}
_TEXT_SIZE: Final = 11.0
_SMALLEST_TEXT: Final = 6.2
# Code points of letters the type lacks: a chart has no room for more.
_FEW: Final = 2
_LARGEST_SCALE: Final = 0.75
# Of a quarter circle's Bezier curve.
_ROUND: Final = 0.5523
_STEP: Final = re.compile(r"([MmLlHhVvAaZz])([^MmLlHhVvAaZz]*)")


class SvgChart(Flowable):
    """A chart at most ``width`` points wide, never larger than on the page."""

    def __init__(self, drawn: Markup, width: float) -> None:
        super().__init__()
        self._svg = ElementTree.fromstring(str(drawn))
        pixels = float(self._svg.get("width", "1"))
        self._scale = min(width / pixels, _LARGEST_SCALE)
        self._height = float(self._svg.get("height", "1"))
        self.width, self.height = pixels * self._scale, self._height * self._scale

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Its size, whatever room there is."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw every element."""
        for element in self._svg:
            {"polyline": self._polyline, "path": self._path, "text": self._text}[element.tag](element)

    @property
    def _canvas(self) -> Canvas:
        canvas: Canvas = self.canv
        return canvas

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels from the upper left to points from the lower left."""
        return x * self._scale, (self._height - y) * self._scale

    def _polyline(self, element: ElementTree.Element) -> None:
        names = element.get("class", "").split()
        points = [tuple(map(float, pair.split(","))) for pair in element.get("points", "").split()]
        self._pen(names, element)
        path = self._canvas.beginPath()
        for number, (x, y) in enumerate(points):
            (path.lineTo if number else path.moveTo)(*self._at(x, y))
        self._canvas.drawPath(path, stroke=1, fill=0)

    def _pen(self, names: list[str], element: ElementTree.Element) -> None:
        slim = any(name in _SLIM for name in names)
        width = 0.6 if slim else next((_LINE_WIDTHS[name] for name in names if name in _LINE_WIDTHS), 1.0)
        dash = element.get("stroke-dasharray", "")
        self._canvas.setLineWidth(width * max(self._scale, 0.6))
        self._canvas.setStrokeColor(_colour(names))
        self._canvas.setDash([float(part) * self._scale for part in dash.split()] if dash else [])

    def _path(self, element: ElementTree.Element) -> None:
        names = element.get("class", "").split()
        self._pen(names, element)
        self._canvas.setFillColor(_colour(names) if "solid" in names else white)
        closed = "z" in element.get("d", "") or "a" in element.get("d", "")
        path = self._canvas.beginPath()
        self._follow(path, element.get("d", ""))
        self._canvas.drawPath(path, stroke=1, fill=1 if closed else 0)

    def _follow(self, path: PDFPathObject, steps: str) -> None:
        x = y = 0.0
        for letter, numbers in _steps(steps):
            if letter in "zZ":
                path.close()
            elif letter == "a":
                self._half_circle(path, x, y, numbers[5])
                x += numbers[5]
            else:
                x, y = _moved(letter, numbers, x, y)
                (path.moveTo if letter in "Mm" else path.lineTo)(*self._at(x, y))

    def _half_circle(self, path: PDFPathObject, x: float, y: float, across: float) -> None:
        radius = across / 2
        bend = _ROUND * radius
        middle, end = (x + radius, y + radius), (x + across, y)
        first = ((x, y + bend), (middle[0] - bend, middle[1]), middle)
        second = ((middle[0] + bend, middle[1]), (end[0], end[1] + bend), end)
        for curve in (first, second):
            path.curveTo(*(value for point in curve for value in self._at(*point)))

    def _text(self, element: ElementTree.Element) -> None:
        canvas, words = self._canvas, spelled(element.text or "", _FEW)
        canvas.saveState()
        canvas.setFillColor(_colour(element.get("class", "").split(), text=True))
        canvas.setFont(REGULAR, max(_TEXT_SIZE * self._scale, _SMALLEST_TEXT))
        turned = re.fullmatch(r"translate\(([\d.]+) ([\d.]+)\) rotate\(-90\)", element.get("transform", ""))
        if turned:
            canvas.translate(*self._at(float(turned[1]), float(turned[2])))
            canvas.rotate(90)
            canvas.drawCentredString(0, 0, words)
        else:
            draw = {"middle": canvas.drawCentredString, "end": canvas.drawRightString, "start": canvas.drawString}
            draw[element.get("text-anchor", "start")](
                *self._at(float(element.get("x", "0")), float(element.get("y", "0"))), words
            )
        canvas.restoreState()


def _steps(steps: str) -> Iterator[tuple[str, list[float]]]:
    for letter, numbers in _STEP.findall(steps):
        yield letter, [float(number) for number in re.findall(r"-?[\d.]+", numbers)]


def _moved(letter: str, numbers: list[float], x: float, y: float) -> tuple[float, float]:
    if letter in "hH":
        return (x + numbers[0] if letter == "h" else numbers[0]), y
    if letter in "vV":
        return x, (y + numbers[0] if letter == "v" else numbers[0])
    return (numbers[0], numbers[1]) if letter.isupper() else (x + numbers[0], y + numbers[1])


def _colour(names: list[str], *, text: bool = False) -> Color:
    role = next((name for name in names if name in _ROLES), "")
    if "grid" in names:
        return colours()["line"]
    if text and (not role or role == "undefended"):
        return colours()["ink" if "name" in names else "ink_soft"]
    return colours()[role] if role else colours()["ink_soft"]


class Lamp(Flowable):
    """A trust light 9 points wide: a ring with a tick, a triangle with a bar, a full square with a cross."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self._colour = colour
        self.width = self.height = 9.0

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Its size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the shape of the colour; the word stands beside it."""
        canvas: Canvas = self.canv
        tint = colours()[{"green": "benign", "amber": "warning"}.get(self._colour, "adversarial")]
        canvas.setStrokeColor(tint)
        canvas.setFillColor(tint)
        canvas.setLineWidth(0.9)
        if self._colour == "green":
            canvas.circle(4.5, 4.5, 3.6)
            canvas.lines([(2.8, 4.4, 4.0, 3.1), (4.0, 3.1, 6.3, 5.9)])
        elif self._colour == "amber":
            canvas.lines([(4.5, 8.2, 8.4, 1.2), (8.4, 1.2, 0.6, 1.2), (0.6, 1.2, 4.5, 8.2), (4.5, 6, 4.5, 3.8)])
            canvas.circle(4.5, 2.6, 0.3, fill=1)
        else:
            canvas.rect(1, 1, 7, 7, fill=1)
            canvas.setStrokeColor(white)
            canvas.lines([(2.8, 2.8, 6.2, 6.2), (2.8, 6.2, 6.2, 2.8)])
