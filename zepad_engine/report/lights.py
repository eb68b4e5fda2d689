"""Trust lights as a page shows them: grouped by the system they speak of, worst first, told by shape and word too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from zepad_engine.evidence import Light

COLOURS: Final = ("red", "amber", "green")
# A ring with a tick, a triangle with a bar, a filled square with a cross: they differ without any colour.
_SHAPES: Final = {
    "green": '<circle cx="8" cy="8" r="6.2"/><path d="M5 8.2l2.1 2.1l3.9 -4.3"/>',
    "amber": '<path d="M8 1.8l6.6 12h-13.2zM8 6.2v3.6M8 11.6v.4"/>',
    "red": '<path class="full" d="M2 2h12v12h-12z"/><path class="cut" d="M5.2 5.2l5.6 5.6m0 -5.6l-5.6 5.6"/>',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LightGroup:
    """The lights of one system on one task, red ones first."""

    defence: str
    task: str
    lights: tuple[Light, ...]

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many lights there are of each colour that occurs."""
        found = ((colour, sum(light.colour == colour for light in self.lights)) for colour in COLOURS)
        return tuple((colour, count) for colour, count in found if count)


def light_groups(lights: tuple[Light, ...]) -> tuple[LightGroup, ...]:
    """The lights by system and task: systems with a red light first, else in order of first appearance."""
    ordered = sorted(lights, key=lambda light: COLOURS.index(light.colour))
    places = dict.fromkeys((light.defence, light.task) for light in lights)
    groups = (
        LightGroup(
            defence=defence,
            task=task,
            lights=tuple(light for light in ordered if (light.defence, light.task) == (defence, task)),
        )
        for defence, task in places
    )
    return tuple(sorted(groups, key=lambda group: group.lights[0].colour != "red"))


def light_mark(colour: str) -> Markup:
    """The mark of a colour, 16 pixels wide; the word stands beside it."""
    return Markup(
        '<svg class="light {}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}</svg>'
    ).format(colour, Markup(_SHAPES.get(colour, "")))
