"""Every reason for which a picture is refused: its stable code, the sentence and the advice. The only such list."""

from __future__ import annotations

from typing import Final

from zepad_engine.errors import BadImage

_FORMATS: Final = "Use a PNG, JPEG, WebP, BMP, TIFF or GIF file."
_SAVE_AGAIN: Final = "Open it in an image editor and save it again as PNG."
_COPY_AGAIN: Final = "Copy or download it again."

REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "image.missing": ("{name} cannot be opened: no such file.", "It may have been moved; choose it again."),
    "image.unreadable": ("{name} cannot be opened: {reason}.", "Choose a picture file that you may read."),
    "image.not_ordinary": ("{name} is not a regular file.", "Choose a picture file, not a folder, pipe or device."),
    "image.empty": ("{name} is empty.", _COPY_AGAIN),
    "image.heavy": ("{name} is a file of more than {megabytes} MB.", "Save a smaller copy of it."),
    "image.too_large": (
        "{name} is larger than {megapixels} megapixels or {side:,} pixels a side.",
        "Make a smaller copy of it.",
    ),
    "image.too_small": (
        "{name} is only {width}x{height} pixels.",
        "Choose a picture of at least {side} pixels a side.",
    ),
    "image.damaged": ("{name} is damaged or incomplete.", f"{_COPY_AGAIN} {_SAVE_AGAIN}"),
    "image.bomb": (
        "{name} is built to take far more work or memory than its pixels need.",
        "Get the picture elsewhere.",
    ),
    "image.unknown_format": ("{name} is not a picture that can be read.", _FORMATS),
    "image.svg": ("{name} is an SVG drawing, which has no pixels.", "Export it as PNG first."),
    "image.heic": ("{name} is a HEIC photograph, which cannot be read here.", "Export it as JPEG or PNG first."),
    "image.other_format": ("{name} is {what}, which cannot be read here.", "Export it as PNG first."),
    "image.float_pixels": (
        "{name} has floating-point pixels, whose range is unknown.",
        "Save it with 8 bits a channel.",
    ),
    "image.deep_pixels": ("{name} has 32-bit pixels, whose range is unknown.", "Save it with 8 bits a channel."),
}
"""code: (sentence, advice). Bytes decide, never the file's name; refusing decodes nothing large."""


def refusal(code: str, name: str, **facts: object) -> BadImage:
    """The error of a code in ``REFUSALS``, about a file of this shown name."""
    sentence, advice = (words.format(name=name, **facts) for words in REFUSALS[code])
    return BadImage(sentence, advice, code=code)
