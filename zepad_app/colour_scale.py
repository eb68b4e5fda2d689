"""A scale between two colours that looks even: mixed in Oklab, so that its lightness falls or rises steadily.

Lightness alone tells the value, so it reads in grey and for every kind of colour vision. Oklab: B. Ottosson, 2020.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from PySide6.QtGui import QColor

from zepad_app.tokens import Tokens

# The contrast that words need (WCAG 2.2, level AA).
_READABLE: Final = 4.5


def heat(tokens: Tokens, share: float) -> QColor:
    """The ground of a cell for a share from 0 (nothing) to 1 of images answered wrongly; ink reads on all of them."""
    strongest = _readable(tokens.surface, tokens.adversarial, tokens.ink)
    return mixed(QColor(tokens.surface), QColor(tokens.adversarial), strongest * min(max(share, 0.0), 1.0))


@cache
def _readable(ground: str, strong: str, ink: str) -> float:
    """How far from ``ground`` to ``strong`` one may go until ink can no longer be read, 0 to 1."""
    shares = (step / 100 for step in range(100, 0, -1))
    return next(
        (s for s in shares if contrast(mixed(QColor(ground), QColor(strong), s), QColor(ink)) >= _READABLE), 0.0
    )


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """``share`` of the second colour in the first, 0 to 1."""
    ends = (_oklab(first), _oklab(second))
    lightness, a, b = ((1 - share) * one + share * other for one, other in zip(*ends, strict=True))
    cone = (
        lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b,
    )
    x, y, z = (value**3 for value in cone)
    return QColor.fromRgbF(
        _encoded(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z),
        _encoded(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z),
        _encoded(-0.0041960863 * x - 0.7034186147 * y + 1.7076147010 * z),
    )


def contrast(one: QColor, other: QColor) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklab(colour: QColor) -> tuple[float, float, float]:
    red, green, blue = _linear(colour)
    cone = (
        0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue,
        0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue,
        0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue,
    )
    x, y, z = (value ** (1 / 3) for value in cone)
    return (
        0.2104542553 * x + 0.7936177850 * y - 0.0040720468 * z,
        1.9779984951 * x - 2.4285922050 * y + 0.4505937099 * z,
        0.0259040371 * x + 0.7827717662 * y - 0.8086757660 * z,
    )


def _linear(colour: QColor) -> tuple[float, float, float]:
    return tuple(_decoded(value) for value in (colour.redF(), colour.greenF(), colour.blueF()))  # type: ignore[return-value]


def _decoded(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _encoded(value: float) -> float:
    value = min(max(value, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
