"""Names that strangers gave to files, classes or tensors, made fit to stand in a sentence. Torch-free."""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_SHOWN: Final = 60
_MARK: Final = "\N{REPLACEMENT CHARACTER}"
_TAIL: Final = 20
# Controls, formats (turned or zero-width text), lone surrogates, private signs, line and paragraph ends.
_HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown_name(name: str) -> str:
    """A name on one line: what cannot be seen or turns text around is marked, a long one loses its middle.

    At most ``LONGEST_SHOWN`` characters; the last 20 stay, so that an ending can still be read.
    """
    if len(name) > LONGEST_SHOWN:
        name = f"{name[: LONGEST_SHOWN - _TAIL - 1]}…{name[-_TAIL:]}"
    seen = "".join(_MARK if unicodedata.category(sign) in _HIDDEN else sign for sign in name)
    return seen or "a file without a name"
