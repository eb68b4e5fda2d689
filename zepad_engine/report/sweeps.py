"""Small charts of a rate as one setting changes: a line per system, a whisker per point."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from markupsafe import Markup

from zepad_engine.evidence import Rate, Sweep
from zepad_engine.report.charts import Frame, axes, drawing, line_names, marker, stroke, words
from zepad_engine.report.wording import NO_ATTACK, QUANTITIES, Meaning

_SIZE = (500, 220)
_TICKS = (0, 20, 40, 60, 80, 100)
_APART = 4
# Share of the axis left free at either end, so that no whisker runs into its numbers.
_MARGIN = 0.05
# From this ratio of largest to smallest setting on, the axis is logarithmic.
_WIDE = 20
_NAME_SIGNS = 22
_OF_ATTACKS = frozenset({"epsilon_255", "steps", "restarts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepGroup:
    """Sweeps that share a chart: one setting on one task, and at most one attack beside the clean images."""

    quantity: str
    task: str
    sweeps: tuple[Sweep, ...]

    @property
    def attack(self) -> str:
        """The attack shown, if any."""
        return next((sweep.attack for sweep in self.sweeps if sweep.attack not in ("", NO_ATTACK)), "")

    def said_of(self, universal: Collection[str]) -> str:
        """What has to be said of the attack beside its name; ``universal`` are the keys of the perturbations."""
        return " crafted anew at each point" if self.quantity in _OF_ATTACKS and self.attack in universal else ""

    @property
    def rates(self) -> tuple[str, ...]:
        """What is shown."""
        return tuple(dict.fromkeys(sweep.rate for sweep in self.sweeps))

    @property
    def defences(self) -> tuple[str, ...]:
        """Of which systems."""
        return tuple(dict.fromkeys(sweep.defence for sweep in self.sweeps))

    @property
    def counts(self) -> tuple[int, int]:
        """The least and the largest number of images behind a point."""
        counts = [rate.n for sweep in self.sweeps for _, rate in sweep.points]
        return min(counts), max(counts)


def sweep_groups(sweeps: tuple[Sweep, ...]) -> tuple[SweepGroup, ...]:
    """The sweeps by chart, in order of first appearance; accuracies and alarms have charts of their own."""
    drawn = [sweep for sweep in sweeps if sweep.points]
    groups: dict[tuple[str, str, bool, str], list[Sweep]] = {}
    for sweep in drawn:
        groups.setdefault((*_place(sweep), _joined(sweep, drawn)), []).append(sweep)
    return tuple(
        SweepGroup(quantity=quantity, task=task, sweeps=tuple(found))
        for (quantity, task, _, _), found in groups.items()
    )


def _place(sweep: Sweep) -> tuple[str, str, bool]:
    return sweep.quantity, sweep.task, "accuracy" in sweep.rate


def _joined(sweep: Sweep, drawn: list[Sweep]) -> str:
    """The attack whose chart a sweep belongs to: its own, or for clean images the first one of the same setting."""
    if sweep.attack not in ("", NO_ATTACK):
        return sweep.attack
    beside = (other.attack for other in drawn if _place(other) == _place(sweep))
    return next((attack for attack in beside if attack not in ("", NO_ATTACK)), "")


def sweep_chart(group: SweepGroup, look: Callable[[str], Meaning], width: int = _SIZE[0]) -> Markup:
    """The chart of a group, ``width`` pixels wide; ``look`` says how a defence is named and drawn."""
    settings = sorted({place for sweep in group.sweeps for place, _ in sweep.points})
    scale = _scale(settings)
    low, high = scale(settings[0]), scale(settings[-1])
    free = _MARGIN * (high - low)
    frame = Frame(width=width, height=_SIZE[1], across=(low - free, high + free), up=(0, 100), right=140)
    label_up = f"{_shared(group.rates)}, per cent"
    parts = [axes(frame, QUANTITIES.get(group.quantity, group.quantity), label_up, (), _TICKS)]
    parts += _settings(frame, settings, scale)
    ends = []
    for number, sweep in enumerate(group.sweeps):
        meaning = look(sweep.defence)
        if len(group.rates) > 1 and sweep.attack == group.attack:
            meaning = replace(meaning, role="adversarial", dash="6 3", marker="ring")
        aside = _APART * (number - (len(group.sweeps) - 1) / 2)
        where = [(frame.x(scale(place)) + aside, rate) for place, rate in sweep.points]
        parts += _line(frame, where, meaning)
        ends.append((frame.y(100 * sweep.points[-1][1].value), _name(group, sweep, meaning), meaning.role))
    return drawing(frame.width, frame.height, _alternative(group, look), [*parts, *line_names(frame, ends)])


def _shared(rates: tuple[str, ...]) -> str:
    """The name of what is drawn: of one rate its own, of several what they have in common."""
    if len(rates) == 1:
        return rates[0]
    return "accuracy" if all("accuracy" in rate for rate in rates) else "share"


def _scale(settings: list[float]) -> Callable[[float], float]:
    least = min((place for place in settings if place > 0), default=1.0)
    wide = settings[0] >= 0 and settings[-1] >= _WIDE * least
    if not wide:
        return float
    # A budget of 0 has its place too.
    return math.log if settings[0] > 0 else math.log1p


def _settings(frame: Frame, settings: list[float], scale: Callable[[float], float]) -> list[Markup]:
    """A tick number at each setting that has room for one."""
    numbers, free = [], -math.inf
    for place in settings:
        where = frame.x(scale(place))
        text = f"{place:g}".replace("-", "\N{MINUS SIGN}")
        if where - 4 * len(text) > free:
            numbers.append(words(where, frame.height - frame.bottom + 16, text))
            free = where + 4 * len(text)
    return numbers


def _line(frame: Frame, where: list[tuple[float, Rate]], meaning: Meaning) -> list[Markup]:
    role = meaning.role
    parts = [stroke([(x, frame.y(100 * rate.value)) for x, rate in where], role, meaning.dash)]
    for x, rate in where:
        ends = [(x, frame.y(100 * rate.low)), (x, frame.y(100 * rate.high))]
        parts += [stroke(ends, role, name="whisker"), marker(x, frame.y(100 * rate.value), meaning.marker, role)]
    return parts


def _name(group: SweepGroup, sweep: Sweep, meaning: Meaning) -> str:
    named = [meaning.name] if len(group.defences) > 1 or len(group.rates) == 1 else []
    name = ", ".join([*named, *([sweep.rate] if len(group.rates) > 1 else [])])
    return name if len(name) <= _NAME_SIGNS else f"{name[: _NAME_SIGNS - 1]}…"


def _alternative(group: SweepGroup, look: Callable[[str], Meaning]) -> str:
    sentences = [f"By {QUANTITIES.get(group.quantity, group.quantity)}, with 95 per cent intervals."]
    for sweep in group.sweeps:
        said = "; ".join(
            f"{place:g}: {100 * rate.value:.1f} ({100 * rate.low:.1f} to {100 * rate.high:.1f}, n {rate.n})"
            for place, rate in sweep.points
        )
        sentences.append(f"{look(sweep.defence).name}, {sweep.rate}, per cent: {said}.")
    return " ".join(sentences)
