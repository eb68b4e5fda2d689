"""Dumbbells: for each task, how far an attack takes the undefended encoder and where ZePAD ends."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from zepad_engine.evidence import Rate
from zepad_engine.report.charts import Frame, drawing, marker, stroke, words
from zepad_engine.report.wording import defence

DRAWN = ("undefended", "clean_ensemble", "zepad")
_ROW = 46
_WIDTH = 340
_NAME_SIGNS = 18
_TICKS = (0, 20, 40, 60, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One task: robust accuracy of each drawn defence, and the undefended accuracy on clean images."""

    name: str
    robust: dict[str, Rate]
    clean: Rate | None


def dumbbell_chart(attack: str, rows: tuple[Row, ...]) -> Markup:
    """The chart of one attack."""
    height = 46 + _ROW * len(rows)
    frame = Frame(width=_WIDTH, height=height, across=(0, 100), up=(0, 1), left=124, top=6)
    floor = height - frame.bottom
    parts = [stroke([(frame.x(tick), frame.top), (frame.x(tick), floor)], "grid") for tick in _TICKS]
    parts += [words(frame.x(tick), floor + 16, str(tick)) for tick in _TICKS]
    parts.append(
        words((frame.left + _WIDTH - frame.right) / 2, height - 6, "accuracy, per cent of test images", "label")
    )
    for index, row in enumerate(rows):
        parts += _row(frame, frame.top + _ROW * (index + 0.5), row)
    return drawing(_WIDTH, height, _alternative(attack, rows), parts)


def _row(frame: Frame, middle: float, row: Row) -> list[Markup]:
    parts = [words(frame.left - 10, middle + 4, _short(row.name), name="name ink", anchor="end")]
    if row.clean is not None:
        clean = frame.x(100 * row.clean.value)
        parts.append(stroke([(clean, middle - 18), (clean, middle + 18)], "undefended", "2 2", name="goal"))
    places = {key: middle + 11 * (DRAWN.index(key) - 1) for key in DRAWN if key in row.robust}
    ends = [(frame.x(100 * row.robust[key].value), places[key]) for key in ("undefended", "zepad") if key in places]
    if len(ends) == 2:
        parts.append(stroke(ends, "axis", name="bar"))
    for key, level in places.items():
        parts += _mark(frame, level, key, row.robust[key])
    return parts


def _mark(frame: Frame, level: float, key: str, measured: Rate) -> list[Markup]:
    look = defence(key)
    low, high = frame.x(100 * measured.low), frame.x(100 * measured.high)
    return [
        stroke([(low, level), (high, level)], look.role, name="whisker"),
        marker(frame.x(100 * measured.value), level, look.marker, look.role),
    ]


def _short(name: str) -> str:
    name = name.partition(",")[0]
    return name if len(name) <= _NAME_SIGNS else f"{name[: _NAME_SIGNS - 1]}…"


def _alternative(attack: str, rows: tuple[Row, ...]) -> str:
    sentences = [f"Accuracy under {attack}, per cent, with 95 per cent intervals."]
    for row in rows:
        said = ", ".join(f"{defence(key).name} {_in_words(rate)}" for key, rate in row.robust.items())
        sentences.append(f"{row.name}: {said}.")
    return " ".join(sentences)


def _in_words(rate: Rate) -> str:
    return f"{100 * rate.value:.1f} ({100 * rate.low:.1f} to {100 * rate.high:.1f}, n {rate.n})"
