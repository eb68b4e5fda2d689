"""Design tokens: the colours, sizes and spaces everything else is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from zepad_engine.resources import asset

Meaning: TypeAlias = Literal["victim", "auxiliary", "benign", "adversarial", "undefended", "fused"]
Role: TypeAlias = Literal["caption", "body", "section", "verdict"]

MEANINGS: Final[tuple[Meaning, ...]] = ("victim", "auxiliary", "benign", "adversarial", "undefended", "fused")
FONT_SIZES: Final[dict[Role, int]] = {"caption": 12, "body": 14, "section": 18, "verdict": 28}

# Multiples of the 4 px grid: inside a control, between controls, around a page, between sections.
INSIDE: Final = 8
BETWEEN: Final = 16
AROUND: Final = 24
SECTION: Final = 32
CORNER: Final = 8
CONTENT_WIDTH: Final = 1200
# The least a list of choices is cut to beside a heading.
CHOICE_WIDTH: Final = 120

# Each meaning has its own dash (in pen widths; empty = solid) and marker, so that a grey print still reads.
DASHES: Final[dict[Meaning, tuple[float, ...]]] = {
    "victim": (),
    "auxiliary": (6.0, 2.5),
    "benign": (8.0, 2.5, 1.5, 2.5),
    "adversarial": (2.0, 2.0),
    "undefended": (1.0, 2.5),
    "fused": (),
}
MARKERS: Final[dict[Meaning, str]] = {
    "victim": "o",
    "auxiliary": "s",
    "benign": "t1",
    "adversarial": "x",
    "undefended": "d",
    "fused": "star",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The colours of one scheme, as ``#RRGGBB``."""

    ground: str
    surface: str
    raised: str
    line: str
    ink: str
    ink_soft: str
    accent: str
    on_accent: str
    victim: str
    auxiliary: str
    benign: str
    adversarial: str
    undefended: str
    fused: str
    warning: str
    warning_ground: str

    def of(self, meaning: Meaning) -> str:
        """The colour of a meaning."""
        colour = getattr(self, meaning)
        assert isinstance(colour, str)
        return colour


def load_tokens() -> dict[str, Tokens]:
    """The schemes "light" and "dark" of ``assets/theme/tokens.json``."""
    content = asset("theme", "tokens.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, Tokens])
