"""One line of the doctor's list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at, how it is, and what to do; a note is worth reading but stops nothing.

    The doctor must run where every package is missing, so nothing here is more than the standard library.
    """

    name: str
    level: Level
    found: str
    advice: str = ""
