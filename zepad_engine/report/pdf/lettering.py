"""Letters the paper's type has no shape for, spelled by their code points: no box, and no font of another machine.

What has the same meaning in letters there are (full width forms, ligatures) is written in those.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from reportlab.pdfbase.ttfonts import TTFont

from zepad_engine.resources import asset

NOTE: Final = (
    "Letters that the paper's type lacks are spelled by their Unicode code points, as [U+4E2D]; the web page and"
    " report.json have them as they are."
)
# A run of so many is enough to tell names apart; the rest is an ellipsis.
_MOST: Final = 8


def spelled(text: str, most: int = _MOST) -> str:
    """The text in letters of the bundled type; of each run of others at most ``most`` code points."""
    composed = unicodedata.normalize("NFC", text)
    known = "".join(sign if sign in letters() else _alike(sign) for sign in composed)
    return _unknown().sub(lambda run: _code_points(run[0], most), known)


def lacks(text: str) -> bool:
    """Whether anything of the text has to be spelled."""
    return any(sign not in letters() and _alike(sign) == sign for sign in set(unicodedata.normalize("NFC", text)))


@cache
def letters() -> frozenset[str]:
    """What both weights of the bundled type can show, and the line ends that layout takes away."""
    weights = (TTFont(weight, str(asset("fonts", f"Inter-{weight}.ttf"))) for weight in ("Regular", "SemiBold"))
    shared = frozenset.intersection(*(frozenset(map(chr, weight.face.charToGlyph)) for weight in weights))
    return shared | {"\n", "\t", "\r"}


def _alike(sign: str) -> str:
    """The sign in letters there are, if it has a compatible form in them; as it is otherwise."""
    if unicodedata.category(sign) == "Zs":
        return " "
    plain = unicodedata.normalize("NFKC", sign)
    return plain if all(part in letters() for part in plain) else sign


@cache
def _unknown() -> re.Pattern[str]:
    kept = "".join(re.escape(sign) for sign in sorted(letters()))
    return re.compile(f"[^{kept}]+")


def _code_points(run: str, most: int) -> str:
    shown = " ".join(f"{ord(sign):04X}" for sign in run[:most])
    return f"[U+{shown}{'…' if len(run) > most else ''}]"
