"""Text from files and plans made fit for a page: no hidden characters, no place of anyone's machine."""

from __future__ import annotations

import re
import unicodedata

from zepad_engine.plan import SAMPLE_PREFIX

_MARK = "\N{REPLACEMENT CHARACTER}"
# A path starts at the beginning or after a blank, quote, bracket, "=", "," or ":"; 10/255 and BA/RA stay.
_START = r"(?<![^\s\"'(\[{<=,:;])"
# A folder's name may hold blanks but neither begins nor ends with one, so "images / features / heads" stays too.
_FOLDER = r"[^\s/\"'<>](?:[^/\"'<>\n]*[^\s/\"'<>])?/"
_POSIX = re.compile(_START + rf"(?:file://|~)?/(?:{_FOLDER})+(?P<name>[^\s/\"'<>]*)")
_WINDOWS = re.compile(r"(?:\b[A-Za-z]:[\\/]|\\\\)(?:[^\\/\"'<>|\r\n]+[\\/])*(?P<name>[^\\/\s\"'<>|]*)")
_KEPT_CONTROLS = "\n\t"


def visible(text: str) -> str:
    """Control, direction and other invisible characters replaced by a mark a reader can see."""
    return "".join(
        _MARK if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co"} and sign not in _KEPT_CONTROLS else sign
        for sign in text
    )


def without_places(text: str) -> str:
    """Paths cut down to their last name: a report goes to people who need not know where it was made."""
    return _WINDOWS.sub(_last_name, _POSIX.sub(_last_name, text))


def plain(text: object) -> str:
    """Any value as text a page may show."""
    return without_places(visible(str(text)))


def set_name(reference: str) -> str:
    """The name of an encoder or image set in a plan: ``sample:x`` as it is, a path by its last part."""
    if reference.startswith(SAMPLE_PREFIX):
        return visible(reference)
    return visible(re.split(r"[\\/]", reference.rstrip("\\/"))[-1])


def _last_name(found: re.Match[str]) -> str:
    return found["name"] or "(folder)"
