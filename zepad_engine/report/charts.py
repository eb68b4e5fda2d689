"""Small inline SVG: axes, lines, whiskers and markers; colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from zepad_engine.report.plain_text import plain

Point = tuple[float, float]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve: its points in data units, how it is named and drawn."""

    name: str
    points: tuple[Point, ...]
    role: str
    dash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A plot area in pixels and the data it spans; the margins hold the labels."""

    width: int
    height: int
    across: Span
    up: Span
    left: int = 48
    right: int = 14
    top: int = 12
    bottom: int = 40

    def x(self, value: float) -> float:
        """Pixels from the left for a value across."""
        return self.left + _share(value, self.across) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Pixels from the top for a value up."""
        return self.height - self.bottom - _share(value, self.up) * (self.height - self.top - self.bottom)


def drawing(width: int, height: int, words: str, parts: Iterable[Markup]) -> Markup:
    """An SVG element; ``words`` say what it shows to those who cannot see it."""
    return Markup('<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>').format(
        width, height, width, height, plain(words), Markup("").join(parts)
    )


def stroke(points: Sequence[Point], role: str, dash: str = "", name: str = "line") -> Markup:
    """A polyline through pixel points."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = Markup(' stroke-dasharray="{}"').format(dash) if dash else ""
    return Markup('<polyline class="{} {}" points="{}"{}/>').format(name, role, where, dashes)


def words(x: float, y: float, text: str, name: str = "tick", anchor: str = "middle") -> Markup:
    """A line of text at a pixel position."""
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        name, x, y, anchor, escape(plain(text))
    )


def marker(x: float, y: float, shape: str, role: str) -> Markup:
    """A point's mark; each meaning has a shape of its own besides its colour."""
    shapes = {
        "circle": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
        "ring": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
        "square": f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",
        "diamond": f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",
        "triangle": f"M{x:.1f} {y - 5:.1f}l5 9h-10z",
        "cross": f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8",
    }
    hollow = "hollow" if shape in {"ring", "cross", "diamond"} else "solid"
    return Markup('<path class="mark {} {}" d="{}"/>').format(hollow, role, shapes.get(shape, shapes["circle"]))


def line_names(frame: Frame, ends: Iterable[tuple[float, str, str]]) -> list[Markup]:
    """Names of lines at the right of a plot: (pixels down, name, role); names that would touch are moved apart."""
    names: list[Markup] = []
    previous = frame.top - 10.0
    for level, name, role in sorted(ends):
        previous = max(level + 4, previous + 14)
        names.append(words(frame.width - frame.right + 8, previous, name, name=f"name {role}", anchor="start"))
    return names


def axes(
    frame: Frame, label_across: str, label_up: str, ticks_across: Sequence[float], ticks_up: Sequence[float]
) -> Markup:
    """Hairlines, tick numbers and the names of both axes."""
    floor, wall = frame.height - frame.bottom, frame.width - frame.right
    parts = [stroke([(frame.left, frame.y(tick)), (wall, frame.y(tick))], "grid") for tick in ticks_up]
    parts += [words(frame.left - 6, frame.y(tick) + 4, f"{tick:g}", anchor="end") for tick in ticks_up]
    parts += [words(frame.x(tick), floor + 16, f"{tick:g}") for tick in ticks_across]
    parts.append(stroke([(frame.left, floor), (wall, floor)], "axis"))
    parts.append(words((frame.left + wall) / 2, frame.height - 6, label_across, name="label"))
    turned = Markup('<text class="label" text-anchor="middle" transform="translate(12 {:.1f}) rotate(-90)">{}</text>')
    parts.append(turned.format((frame.top + floor) / 2, escape(plain(label_up))))
    return Markup("").join(parts)


def round_ticks(span: Span, about: int = 5) -> tuple[float, ...]:
    """A few round numbers inside a span."""
    low, high = span
    rough = max(high - low, 1e-12) / about
    power = 10.0 ** _floor_log10(rough)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = -int(-low // step)
    return tuple(round(index * step, 10) for index in range(first, int(high / step + 1e-9) + 1))


def _floor_log10(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def _share(value: float, span: Span) -> float:
    low, high = span
    return (value - low) / (high - low) if high > low else 0.5
