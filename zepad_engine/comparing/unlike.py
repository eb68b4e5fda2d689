"""Where two reports differ, place by place, times left out. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from zepad_engine.comparison import Unlike

# What the clock and the folder's name decide; everything else must be equal for two audits to be.
TIME_FIELDS: Final = frozenset({"run", "created_utc", "timings", "seconds"})
_LONGEST_VALUE: Final = 60


def unlike_places(place: str, first: Any, second: Any) -> Iterator[Unlike]:  # noqa: ANN401 - plain data
    """The places where plain data, as JSON holds it, differ; lists of unlike length are one place."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys((*first, *second)):
            if key not in TIME_FIELDS:
                below = f"{place}.{key}" if place else key
                yield from unlike_places(below, first.get(key), second.get(key))
    elif isinstance(first, list | tuple) and isinstance(second, list | tuple) and len(first) == len(second):
        for index, pair in enumerate(zip(first, second, strict=True)):
            yield from unlike_places(f"{place}[{index}]", *pair)
    elif first != second:
        yield Unlike(place=place, first=_short(first), second=_short(second))


def _short(value: Any) -> str:  # noqa: ANN401 - plain data of a report
    if isinstance(value, list | tuple | dict):
        return f"{len(value)} entries"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
